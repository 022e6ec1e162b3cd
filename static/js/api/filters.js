// @ts-check
/** @import { Box, Tensor } from "../types.js" */
import { request } from "./http.js";
import { decodeTensors } from "./safetensors.js";

const HEADERS = { Accept: "application/x-safetensors" };

/**
 * What every filter of a layer looks for: `mean_patches` [F, s, s] and `strongest` [F].
 * @param {string} model
 * @param {string} layer
 * @returns {Promise<Record<string, Tensor>>}
 */
export async function getPortraits(model, layer) {
  return decodeTensors(await (await request(`/api/v1/models/${model}/layers/${layer}/filters?dtype=float16`, { headers: HEADERS })).arrayBuffer()).tensors;
}

/**
 * What one filter looks for: `digits` [n, 28, 28], `mean_patch` and `ascent`.
 * @param {string} model
 * @param {string} layer
 * @param {number} filter
 * @returns {Promise<{answer: {receptive_field: {size: number, jump: number, start: number}, strongest: {box: Box}[]}, tensors: Record<string, Tensor>}>}
 */
export async function getPortrait(model, layer, filter) {
  const response = await request(`/api/v1/models/${model}/layers/${layer}/filters/${filter}?dtype=float16`, { headers: HEADERS });
  const { tensors, metadata } = decodeTensors(await response.arrayBuffer());
  return { answer: JSON.parse(metadata.answer), tensors };
}
