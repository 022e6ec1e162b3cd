// @ts-check
// The one way to request kernels, biases, and the names of filters.
/** @import { FilterNames, Weights } from "../types.js" */
import { apiAddress } from "./address.js";
import { requestJson, requestTensors } from "./http.js";

/**
 * @param {string} model
 * @param {string} layer
 * @param {object} [options]
 * @param {"float16" | "float32"} [options.dtype]  As for activations.
 * @param {number | null} [options.checkpoint]  Training step; null for the finished network.
 * @param {AbortSignal} [options.signal]
 * @returns {Promise<Weights>}
 */
export async function requestKernels(model, layer, { dtype = "float16", checkpoint = null, signal } = {}) {
  const address = apiAddress(["models", model, "layers", layer, "kernels"], { dtype, checkpoint });
  const { kernels, biases } = (await requestTensors(address, { signal })).tensors;
  return { kernels, biases };
}

/**
 * What each filter of the first layer is activated by most.
 * @param {string} model
 * @param {number | null} [checkpoint]  Training step; null for the finished network.
 * @returns {Promise<FilterNames>}
 */
export function getFilterNames(model, checkpoint = null) {
  return requestJson(apiAddress(["models", model, "filter-names"], { checkpoint }));
}
