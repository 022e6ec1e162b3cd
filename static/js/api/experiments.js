// @ts-check
/** @import { Digit, Ledger, LedgerSettings, MeanShiftCurve, PokeAnswer, Responses, ScrambleRecord, ShiftAnswer, ShiftCurve, Tensor } from "../types.js" */
import { getJson, postForJson, postForTensors } from "./experiment-request.js";
import { request } from "./http.js";

/**
 * What each way to connect a layer costs.
 * @param {LedgerSettings} settings
 * @returns {Promise<Ledger>}
 */
export async function getLedger({ kernelSize, stride, padding, filters, features }) {
  const query = new URLSearchParams(Object.entries({ kernel_size: kernelSize, stride, padding, filters, features }).map(([name, count]) => [name, String(count)]));
  return getJson(`ledger?${query}`);
}

/**
 * Which neurons notice one changed pixel. Tensors: `input` and `<model>/<layer>`, |Δ| as [F, H, W].
 * @param {Digit} digit
 * @param {{row: number, column: number, value?: number}} pixel
 * @param {string[]} [models]  Left out: all.
 * @returns {Promise<{answer: PokeAnswer, tensors: Record<string, Tensor>}>}
 */
export function postPoke(digit, pixel, models) {
  // Single precision: the smallest change must not be rounded away.
  return postOfModels("poke", digit, pixel, models, "float32");
}

/**
 * Move the digit by whole pixels. Tensors: `input`, `shifted` and `<model>/<layer>`, new map − moved old map, as [F, H, W].
 * @param {Digit} digit
 * @param {{down: number, right: number}} shift
 * @param {string[]} [models]  Left out: all.
 * @returns {Promise<{answer: ShiftAnswer, tensors: Record<string, Tensor>}>}
 */
export function postShift(digit, shift, models) {
  // Half precision is more than a screen can show, and half the bytes for every pixel that the digit is dragged.
  return postOfModels("shift", digit, shift, models, "float16");
}

/**
 * One digit moved step by step. A blank digit has no reading to compare with: then a label is needed.
 * @param {Digit} digit
 * @param {{direction: "right" | "down", reach?: number, label?: number}} along
 * @returns {Promise<ShiftCurve>}
 */
export function postShiftCurve(digit, along) {
  return postForJson("shift-curve", digit, along);
}

/** The same, averaged over many test digits. @returns {Promise<MeanShiftCurve>} */
export function getMeanShiftCurve() {
  return getJson("shift-curve");
}

/**
 * How strongly 500 global and 16 local features answer a digit.
 * @param {Digit} digit
 * @returns {Promise<Responses>}
 */
export function postResponses(digit) {
  return postForJson("responses", digit, {});
}

/** What each network reaches on digits whose pixels were moved to other places. @returns {Promise<ScrambleRecord>} */
export function getScramble() {
  return getJson("scramble");
}

/**
 * The weights of one neuron, however large its layer is.
 * @param {string} model
 * @param {import("../types.js").Neuron} neuron
 * @returns {Promise<number[][][]>} [channel][row][column]
 */
export async function getNeuronKernel(model, neuron) {
  // The operation explains a neuron on a digit; the weights are the same on every one.
  const response = await request(`/api/v1/models/${model}/neuron`, {
    method: "POST",
    headers: { Accept: "application/json", "Content-Type": "application/json" },
    body: JSON.stringify({ sample: 0, ...neuron }),
  });
  return (await response.json()).kernel;
}

/**
 * @param {string} operation
 * @param {Digit} digit
 * @param {object} fields
 * @param {string[] | undefined} models
 * @param {"float32" | "float16"} dtype
 */
async function postOfModels(operation, digit, fields, models, dtype) {
  const { tensors, metadata } = await postForTensors(operation, digit, fields, { dtype, ...(models && { models: models.join(",") }) });
  return { answer: JSON.parse(metadata.answer), tensors };
}
