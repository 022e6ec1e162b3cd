// @ts-check
// The training history: what was kept, and what the network made of a digit after each step.
/** @import { Answer, Digit, Tensor, TrainingHistory } from "../types.js" */
import { answerOf, bodyOf, request } from "./http.js";
import { decodeTensors } from "./safetensors.js";

const SAFETENSORS = "application/x-safetensors";

/** @param {string} model  @returns {Promise<TrainingHistory>} */
export async function getHistory(model) {
  return (await request(`/api/v1/models/${model}/history`, { headers: { Accept: "application/json" } })).json();
}

/**
 * @param {string} model
 * @param {Digit} digit
 * @param {string[]} layers
 * @param {number} step
 * @param {AbortSignal} [signal]
 * @returns {Promise<Answer>} Of sequence 0: whoever shows it says which question it answers.
 */
export async function postDigitAt(model, digit, layers, step, signal) {
  // Half precision, as the live connection has it: the same digit then differs from itself by nothing.
  const url = `/api/v1/models/${model}/feature-maps?layers=${layers.join(",")}&dtype=float16&checkpoint=${step}`;
  const headers = { Accept: SAFETENSORS, "Content-Type": "application/json" };
  const response = await request(url, { method: "POST", headers, body: JSON.stringify(bodyOf(digit)), signal });
  return answerOf(decodeTensors(await response.arrayBuffer()), 0, digit);
}

/**
 * @param {string} model
 * @param {string} layer
 * @param {number} step
 * @param {AbortSignal} [signal]
 * @returns {Promise<Tensor>} [F, C, k, k]
 */
export async function getKernelsAt(model, layer, step, signal) {
  const url = `/api/v1/models/${model}/layers/${layer}/kernels?dtype=float16&checkpoint=${step}`;
  const response = await request(url, { headers: { Accept: SAFETENSORS }, signal });
  return decodeTensors(await response.arrayBuffer()).tensors.kernels;
}
