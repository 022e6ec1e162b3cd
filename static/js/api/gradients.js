// @ts-check
/** @import { Digit, GradientCheck, GradientsAnswer, StepAnswer, Tensor } from "../types.js" */
import { postForJson, postForTensors } from "./experiment-request.js";

/**
 * The loss's gradient by the first layer's maps: `<model>/<layer>`, as [F, H, W]. With `weights`, also by its kernels and
 * biases, `…/weight` and `…/bias`.
 * @param {Digit} digit
 * @param {number | null} label  Null: the sample's own, or what the network reads.
 * @param {string[]} models
 * @param {boolean} weights
 * @returns {Promise<{answer: GradientsAnswer, tensors: Record<string, Tensor>}>}
 */
export async function postGradients(digit, label, models, weights) {
  // Single precision: the sum of all contributions is held against backpropagation's own.
  const { tensors, metadata } = await postForTensors("gradients", digit, labelled(label), { dtype: "float32", models: models.join(","), weights: String(weights) });
  return { answer: JSON.parse(metadata.answer), tensors };
}

/**
 * Nudge one weight, and see what the loss does.
 * @param {Digit} digit
 * @param {number | null} label
 * @param {string} parameter  Name of an array: "conv1.weight".
 * @param {number[]} index
 * @returns {Promise<GradientCheck>}
 */
export function postGradientCheck(digit, label, parameter, index) {
  return postForJson("gradient-check", digit, { ...labelled(label), parameter, index });
}

/**
 * Kernels, maps and reading before and after steps of gradient descent. Tensors: `kernels` [2, F, C, k, k], `maps` [2, F, H, W],
 * `probabilities` [2, 10].
 * @param {Digit} digit
 * @param {number | null} label
 * @param {number} rate
 * @param {number} steps
 * @returns {Promise<{answer: StepAnswer, tensors: Record<string, Tensor>}>}
 */
export async function postStep(digit, label, rate, steps) {
  const { tensors, metadata } = await postForTensors("step", digit, { ...labelled(label), rate, steps }, { dtype: "float32" });
  return { answer: JSON.parse(metadata.answer), tensors };
}

/** @param {number | null} label */
function labelled(label) {
  return label === null ? {} : { label };
}
