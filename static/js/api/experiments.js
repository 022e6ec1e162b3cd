// @ts-check
// The one way to request an experiment.
/** @import { Attribution, BackwardPass, Bar, Digit, EditedAccuracy, GradientCheck, GradientDescent, GradientsResponse, LayerCosts, LayerGeometry, MeanTranslationCurve, PerturbPixelResponse, FeatureComparison, PixelPermutation, TranslationResponse, TranslationCurve, Tensor, OrientationTuning, TuningMeasure } from "../types.js" */
/** @import { QueryValue } from "./address.js" */
/** @import { Activations } from "./activations.js" */
import { remember } from "../code/last-requests.js";
import { activationsOf, bodyOf } from "./activations.js";
import { apiAddress } from "./address.js";
import { requestJson, requestTensors } from "./http.js";

/**
 * @param {string} name  Such as "gradient-check" or "kernel-edits/accuracy".
 * @param {Record<string, QueryValue>} [query]
 */
function addressOf(name, query) {
  return apiAddress(["experiments", ...name.split("/")], query);
}

/**
 * An experiment that needs no digit.
 * @param {string} name
 * @param {Record<string, QueryValue>} [query]
 */
export function getExperiment(name, query) {
  remember(name, { query });
  return requestJson(addressOf(name, query));
}

/**
 * An experiment on a digit.
 * @param {string} name
 * @param {Digit | null} digit  Null if the experiment has its own digits.
 * @param {object} fields  What the body has besides the digit.
 * @param {Record<string, QueryValue>} [query]
 */
export function postExperiment(name, digit, fields, query) {
  remember(name, { digit, fields, query });
  return requestJson(addressOf(name, query), { body: { ...(digit && bodyOf(digit)), ...fields } });
}

/**
 * The same, with arrays as tensors; the rest of the response is in the metadata.
 * @param {string} name
 * @param {Digit} digit
 * @param {object} fields
 * @param {Record<string, QueryValue>} query  Its `dtype` decides how many bytes are sent.
 */
export function postExperimentForTensors(name, digit, fields, query) {
  remember(name, { digit, fields, query });
  return requestTensors(addressOf(name, query), { body: { ...bodyOf(digit), ...fields } });
}

/**
 * The same, with the metadata read.
 * @param {string} name
 * @param {Digit} digit
 * @param {object} fields
 * @param {Record<string, QueryValue>} query
 */
async function postForResponse(name, digit, fields, query) {
  const { tensors, metadata } = await postExperimentForTensors(name, digit, fields, query);
  return { response: JSON.parse(metadata.response), tensors };
}

// --- Local and global ----------------------------------------------------------------------------------------------

/**
 * What each way to connect a layer costs.
 * @param {LayerGeometry} geometry
 * @returns {Promise<LayerCosts>}
 */
export function getLayerCosts({ kernelSize, stride, padding, filters, features }) {
  return getExperiment("layer-costs", { kernel_size: kernelSize, stride, padding, filters, features });
}

/**
 * Which neurons change when one pixel does. Tensors: `input` and `<model>/<layer>`, |Δ| as [F, H, W].
 * @param {Digit} digit
 * @param {{row: number, column: number, value?: number}} pixel
 * @param {string[]} [models]  Left out: the compared ones.
 * @returns {Promise<{response: PerturbPixelResponse, tensors: Record<string, Tensor>}>}
 */
export function postPerturbPixel(digit, pixel, models) {
  // Single precision: the smallest change must not be rounded away.
  return postForResponse("perturb-pixel", digit, pixel, { dtype: "float32", models });
}

/**
 * Translate the digit by whole pixels. Tensors: `input`, `translated` and `<model>/<layer>`, new map − translated old map, as
 * [F, H, W].
 * @param {Digit} digit
 * @param {{down: number, right: number}} translation
 * @param {string[]} [models]  Left out: the compared ones.
 * @returns {Promise<{response: TranslationResponse, tensors: Record<string, Tensor>}>}
 */
export function postTranslation(digit, translation, models) {
  // Half precision is more than a screen can show, and half the bytes for every pixel that the digit is dragged.
  return postForResponse("translation", digit, translation, { dtype: "float16", models });
}

/**
 * One digit, translated step by step. A blank digit has no prediction to compare with: then a label is needed.
 * @param {Digit} digit
 * @param {{direction: "right" | "down", max_offset?: number, label?: number}} along
 * @returns {Promise<TranslationCurve>}
 */
export function postTranslationCurve(digit, along) {
  return postExperiment("translation-curve", digit, along);
}

/** The same, averaged over many test digits. @returns {Promise<MeanTranslationCurve>} */
export function getMeanTranslationCurve() {
  return requestJson(addressOf("translation-curve"));
}

/**
 * The activations of the perceptron's global features and the convolution's local ones for a digit.
 * @param {Digit} digit
 * @returns {Promise<FeatureComparison>}
 */
export function postFeatureComparison(digit) {
  return postExperiment("feature-comparison", digit, {});
}

/** The accuracy of each network on digits whose pixels were permuted. @returns {Promise<PixelPermutation>} */
export function getPixelPermutation() {
  return getExperiment("pixel-permutation");
}

// --- Orientation ---------------------------------------------------------------------------------------------------

/**
 * How each filter's activation depends on the bar's angle.
 * @param {string} model
 * @param {Bar} bar
 * @param {TuningMeasure} measure
 * @param {number | null} checkpoint  Training step; null for the finished network.
 * @returns {Promise<OrientationTuning>}
 */
export function getTuning(model, bar, measure, checkpoint) {
  return getExperiment("orientation-tuning", { model, measure, ...bar, checkpoint });
}

// --- Gradients -----------------------------------------------------------------------------------------------------

/**
 * The loss's gradient by the maps of the layers, by default of each model's first layer with kernels: `<model>/<layer>`, as
 * [F, H, W]; `…/output`, the maps themselves. With `weights`, also by kernels and biases, `…/weight` and `…/bias`.
 * @param {string[]} models
 * @param {Digit} digit
 * @param {number | null} label  Null: the test digit's own, or what the first model predicts.
 * @param {{weights: boolean, layers?: string[] | null}} options
 * @returns {Promise<{response: GradientsResponse, tensors: Record<string, Tensor>}>}
 */
export function postGradients(models, digit, label, { weights, layers = null }) {
  // Single precision: the sum of all contributions is compared with the gradient by backpropagation.
  return postForResponse("gradients", digit, labeled(label), { dtype: "float32", models, weights, layers });
}

/**
 * The loss before and after a small change of one weight.
 * @param {string} model
 * @param {Digit} digit
 * @param {number | null} label
 * @param {string} parameter  Name of an array: "conv1.weight".
 * @param {number[]} index
 * @returns {Promise<GradientCheck>}
 */
export function postGradientCheck(model, digit, label, parameter, index) {
  return postExperiment("gradient-check", digit, { ...labeled(label), parameter, index }, { model });
}

/**
 * δ of a layer, and the parts that one neuron's is added up from: `deltas` [F, H, W], and `readers/slopes`, `readers/deltas` and
 * `readers/parts` [F, h, w].
 * @param {string} model
 * @param {Digit} digit
 * @param {number} label
 * @param {{layer: string, filter?: number, row?: number, column?: number, check?: boolean}} neuron  Without a position: that of largest |δ|.
 * @returns {Promise<{response: BackwardPass, tensors: Record<string, Tensor>}>}
 */
export function postBackwardPass(model, digit, label, neuron) {
  // Single precision, since the parts are added up on the page.
  return postForResponse("backward-pass", digit, { label, ...neuron }, { model, dtype: "float32" });
}

/**
 * Kernels, maps and prediction before and after steps of gradient descent, of the first layer with weights. Tensors: `kernels`
 * [2, F, C, kH, kW], or [2, F, H, W, C, kH, kW] if they are not shared; `maps` [2, F, H, W]; `probabilities` [2, classes].
 * @param {string} model
 * @param {Digit} digit
 * @param {number | null} label
 * @param {number} learningRate
 * @param {number} steps
 * @returns {Promise<{response: GradientDescent, tensors: Record<string, Tensor>}>}
 */
export function postGradientDescent(model, digit, label, learningRate, steps) {
  return postForResponse("gradient-descent", digit, { ...labeled(label), learning_rate: learningRate, steps }, { model, dtype: "float32" });
}

/** @param {number | null} label */
function labeled(label) {
  return label === null ? {} : { label };
}

// --- Saliency and occlusion ----------------------------------------------------------------------------------------

/**
 * The gradient of a class's logit by each pixel: `gradient` [H, W].
 * @param {string} model
 * @param {Digit} digit
 * @param {number | null} label  Null: the predicted class.
 * @returns {Promise<{response: Attribution, tensors: Record<string, Tensor>}>}
 */
export function postSaliency(model, digit, label) {
  return postForResponse("saliency", digit, labeled(label), { model, dtype: "float32" });
}

/**
 * Changes of a class's logit and probability while a square of paper covers each position: `logit_changes` and
 * `probability_changes` [n, n].
 * @param {string} model
 * @param {Digit} digit
 * @param {number | null} label  Null: the predicted class.
 * @param {number} size  Of the square, in pixels.
 * @returns {Promise<{response: Attribution, tensors: Record<string, Tensor>}>}
 */
export function postOcclusion(model, digit, label, size) {
  return postForResponse("occlusion", digit, { ...labeled(label), size }, { model, dtype: "float32" });
}

// --- Kernel edits --------------------------------------------------------------------------------------------------

/**
 * Activations of a digit in the network with edited kernels.
 * @param {string} model
 * @param {Digit} digit
 * @param {object[]} edits  As the API has them.
 * @param {string[]} layers
 * @returns {Promise<Activations>}
 */
export async function postEdited(model, digit, edits, layers) {
  // Half precision, as the maps of the learned network come: what no edit reaches then differs by nothing.
  return activationsOf(await postExperimentForTensors("kernel-edits", digit, { edits }, { model, layers, dtype: "float16" }));
}

/**
 * @param {string} model
 * @param {object[]} edits
 * @returns {Promise<EditedAccuracy>}
 */
export function postEditedAccuracy(model, edits) {
  return postExperiment("kernel-edits/accuracy", null, { edits }, { model });
}
