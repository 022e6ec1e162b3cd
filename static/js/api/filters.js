// @ts-check
// Feature visualization of filters, as measured on the test digits.
/** @import { Box, ReceptiveField, Tensor } from "../types.js" */
import { apiAddress } from "./address.js";
import { requestTensors } from "./http.js";

/**
 * Every filter of a layer: `mean_patches` [F, s, s] and `strongest` [F].
 * @param {string} model
 * @param {string} layer
 * @returns {Promise<Record<string, Tensor>>}
 */
export async function getVisualizations(model, layer) {
  return (await requestTensors(apiAddress(["models", model, "layers", layer, "filters"], { dtype: "float16" }))).tensors;
}

/**
 * One filter: `digits` [n, 28, 28], `mean_patch` and `maximizing_image`.
 * @param {string} model
 * @param {string} layer
 * @param {number} filter
 * @returns {Promise<{response: {receptive_field: ReceptiveField, strongest: {box: Box}[]}, tensors: Record<string, Tensor>}>}
 */
export async function getVisualization(model, layer, filter) {
  const address = apiAddress(["models", model, "layers", layer, "filters", filter], { dtype: "float16" });
  const { tensors, metadata } = await requestTensors(address);
  return { response: JSON.parse(metadata.response), tensors };
}
