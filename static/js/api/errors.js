// @ts-check
// What networks get wrong.
/** @import { Tensor } from "../types.js" */
import { remember } from "../code/last-requests.js";
import { apiAddress } from "./address.js";
import { requestJson, requestTensors } from "./http.js";

/** @typedef {{low: number, high: number, digits: number, correct: number, mean_probability: number | null, accuracy: number | null}} CalibrationBin */

/**
 * @typedef {object} Confusion
 * @property {number} digits
 * @property {number} errors
 * @property {number[]} class_counts
 * @property {number[][]} matrix         [label][predicted]
 * @property {CalibrationBin[]} calibration
 * @property {number} expected_calibration_error
 */

/** @typedef {{index: number, label: number, predicted: number, probability: number}} ConfusedDigit */
/** @typedef {ConfusedDigit & {evidence: {layer: string, bias: number, margin: number} | null}} ExplainedDigit */
/** @typedef {ExplainedDigit & {id: "of-label" | "of-predicted", distance: number}} SimilarDigit */

/** Which network: `checkpoint` is the training step, null for the finished one. @typedef {{model: string, checkpoint: number | null}} NetworkAtStep */

/** @param {NetworkAtStep} network  @returns {Promise<Confusion>} */
export function getConfusion(network) {
  remember("confusion", { query: { ...network } });
  return requestJson(apiAddress(["experiments", "confusion"], { ...network }));
}

/**
 * Digits of one cell of the matrix: `pixels` [digits, 28, 28].
 * @param {NetworkAtStep} network
 * @param {{label: number, predicted: number, offset: number, limit: number}} cell
 * @returns {Promise<{response: {total: number, digits: ConfusedDigit[]}, tensors: Record<string, Tensor>}>}
 */
export async function getConfusedDigits(network, cell) {
  return read(await requestTensors(apiAddress(["experiments", "confusion", "digits"], { ...network, ...cell, dtype: "float16" })));
}

/**
 * A misread digit beside similar ones that are classified correctly: `digit/pixels`, `digit/evidence/contributions`, and the same of
 * `of-label` and `of-predicted`.
 * @param {NetworkAtStep} network
 * @param {number} sample
 * @returns {Promise<{response: {digit: ExplainedDigit, similar: SimilarDigit[]}, tensors: Record<string, Tensor>}>}
 */
export async function getMisreadDigit(network, sample) {
  remember("misread-digit", { query: { ...network, sample } });
  return read(await requestTensors(apiAddress(["experiments", "misread-digit"], { ...network, sample, dtype: "float32" })));
}

/** @param {{tensors: Record<string, Tensor>, metadata: Record<string, string>}} decoded */
function read({ tensors, metadata }) {
  return { response: JSON.parse(metadata.response), tensors };
}
