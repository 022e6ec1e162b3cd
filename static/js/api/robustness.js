// @ts-check
// Perturbed digits, and how the accuracy of networks falls with a perturbation.
/** @import { Digit, Framing, Prediction, Tensor } from "../types.js" */
import { remember } from "../code/last-requests.js";
import { bodyOf } from "./activations.js";
import { apiAddress } from "./address.js";
import { requestJson, requestTensors } from "./http.js";

/** @typedef {"rotate" | "scale" | "shear" | "shift" | "thicken" | "thin" | "blur" | "noise" | "contrast" | "occlude" | "fgsm"} Kind */

/** @typedef {{id: string, digits: number, measured: boolean, accuracy: number[]}} AccuracyCurve */
/** @typedef {{kind: Kind, unit: string, levels: number[], unchanged: number, models: AccuracyCurve[]}} RobustnessCurve */

/**
 * What a model makes of the digit. Its tensors: `<id>/pixels`, and of each layer `<id>/<layer>/before` and `…/after`.
 * @typedef {object} PerturbedPrediction
 * @property {string} id
 * @property {Prediction | null} before
 * @property {Prediction | null} after
 * @property {{name: string, change: number | null}[]} changes  Of the pixels and of every layer.
 */

/** @typedef {{input: {framing: Framing}, kind: Kind, level: number, label: number | null, models: PerturbedPrediction[]}} Perturbed */

/** @param {string[]} models  @param {Kind} kind  @returns {Promise<RobustnessCurve>} */
export function getRobustnessCurve(models, kind) {
  remember("robustness-curve", { query: { models, kind } });
  return requestJson(apiAddress(["experiments", "robustness"], { models, kind }));
}

/**
 * @param {string[]} models
 * @param {Digit} digit
 * @param {{kind: Kind, level: number, label?: number}} perturbation
 * @param {string[] | null} layers  Of each model those that it has; null: no maps.
 * @returns {Promise<{response: Perturbed, tensors: Record<string, Tensor>}>}
 */
export async function postRobustness(models, digit, perturbation, layers) {
  remember("robustness", { digit, fields: perturbation, query: { models } });
  // Half precision is more than a screen can show, and half the bytes for every step of the dial.
  const address = apiAddress(["experiments", "robustness"], { models, layers, dtype: "float16" });
  const { tensors, metadata } = await requestTensors(address, { body: { ...bodyOf(digit), ...perturbation } });
  return { response: JSON.parse(metadata.response), tensors };
}
