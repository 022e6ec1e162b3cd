// @ts-check
/** @import { Digit, Tensor, Weights } from "../types.js" */
import { bodyOf, request } from "./http.js";
import { decodeTensors } from "./safetensors.js";

const SAFETENSORS = "application/x-safetensors";
const BODY = { "Content-Type": "application/json" };

/** Formats that arrays can be had as, with the ending of a file's name. */
export const FORMATS = { png: "image/png", safetensors: SAFETENSORS, npz: "application/x-npz" };

/**
 * Some layers' maps in the network's own precision, for arithmetic; `input`, `logits` and `probabilities` come along.
 * @param {string} model
 * @param {Digit} digit
 * @param {string[]} layers
 * @param {"float32" | "float16"} [dtype]  Half precision: what the page's own maps have.
 * @param {number | null} [checkpoint]  Training step; null for the finished network. So below.
 * @returns {Promise<Record<string, Tensor>>}
 */
export async function postDigitExactly(model, digit, layers, dtype = "float32", checkpoint = null) {
  const options = { method: "POST", headers: { ...BODY, Accept: SAFETENSORS }, body: JSON.stringify(bodyOf(digit)) };
  const response = await request(`/api/v1/models/${model}/feature-maps?layers=${layers.join(",")}&dtype=${dtype}${after(checkpoint, "&")}`, options);
  return decodeTensors(await response.arrayBuffer()).tensors;
}

/**
 * @param {string} model
 * @param {string} layer
 * @param {number | null} [checkpoint]
 * @returns {Promise<Weights>}
 */
export async function getWeights(model, layer, checkpoint = null) {
  const response = await request(`/api/v1/models/${model}/layers/${layer}/kernels${after(checkpoint, "?")}`, { headers: { Accept: SAFETENSORS } });
  const { kernels, biases } = decodeTensors(await response.arrayBuffer()).tensors;
  return { kernels, biases };
}

/** @param {number | null} checkpoint  @param {"?" | "&"} mark */
function after(checkpoint, mark) {
  return checkpoint === null ? "" : `${mark}checkpoint=${checkpoint}`;
}

/**
 * A file of a layer's maps or kernels, as the API makes it.
 * @param {string} model
 * @param {Digit | null} digit  Null for kernels.
 * @param {{layer: string, filter: number | null, format: keyof typeof FORMATS, theme: string,
 *   checkpoint: number | null}} wanted  A filter: it alone.
 * @returns {Promise<Blob>}
 */
export async function getFile(model, digit, { layer, filter, format, theme, checkpoint }) {
  const query = new URLSearchParams({ theme, zoom: "8" });
  if (filter !== null) query.set("filter", String(filter));
  if (checkpoint !== null) query.set("checkpoint", String(checkpoint));
  const accept = { Accept: FORMATS[format] };
  if (!digit) return (await request(`/api/v1/models/${model}/layers/${layer}/kernels?${query}`, { headers: accept })).blob();
  query.set("layers", layer);
  const options = { method: "POST", headers: { ...BODY, ...accept }, body: JSON.stringify(bodyOf(digit)) };
  return (await request(`/api/v1/models/${model}/feature-maps?${query}`, options)).blob();
}
