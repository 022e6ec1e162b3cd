// @ts-check
// How the experiments of the API are asked for.
/** @import { Digit, Tensor } from "../types.js" */
import { bodyOf, request } from "./http.js";
import { decodeTensors } from "./safetensors.js";

const EXPERIMENTS = "/api/v1/experiments";

/** @param {string} path */
export async function getJson(path) {
  return (await request(`${EXPERIMENTS}/${path}`, { headers: { Accept: "application/json" } })).json();
}

/**
 * @param {string} path
 * @param {Digit} digit
 * @param {object} fields
 */
export async function postForJson(path, digit, fields) {
  return (await post(path, { ...bodyOf(digit), ...fields }, "application/json")).json();
}

/**
 * @param {string} operation
 * @param {Digit} digit
 * @param {object} fields
 * @param {Record<string, string>} query  Its `dtype` decides how many bytes are sent.
 * @returns {Promise<{tensors: Record<string, Tensor>, metadata: Record<string, string>}>}
 */
export async function postForTensors(operation, digit, fields, query) {
  const response = await post(`${operation}?${new URLSearchParams(query)}`, { ...bodyOf(digit), ...fields }, "application/x-safetensors");
  return decodeTensors(await response.arrayBuffer());
}

/**
 * @param {string} path
 * @param {object} body
 * @param {string} accept
 */
export function post(path, body, accept) {
  return request(`${EXPERIMENTS}/${path}`, {
    method: "POST",
    headers: { Accept: accept, "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}
