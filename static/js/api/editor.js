// @ts-check
/** @import { Answer, Digit, EditedAccuracy } from "../types.js" */
import { postForTensors, post } from "./experiment-request.js";
import { answerOf } from "./http.js";

/**
 * Feature maps of a digit by the network with edited kernels.
 * @param {string} model
 * @param {Digit} digit
 * @param {object[]} edits  As the API has them.
 * @param {string[]} layers
 * @returns {Promise<Answer>}
 */
export async function postEdited(model, digit, edits, layers) {
  // Half precision, as the maps of the learned network come: what no edit reaches then differs by nothing.
  return answerOf(await postForTensors("edit", digit, { edits }, { model, layers: layers.join(","), dtype: "float16" }), 0, digit);
}

/**
 * @param {string} model
 * @param {object[]} edits
 * @returns {Promise<EditedAccuracy>}
 */
export async function postEditedAccuracy(model, edits) {
  return (await post(`edit/accuracy?${new URLSearchParams({ model })}`, { edits }, "application/json")).json();
}
