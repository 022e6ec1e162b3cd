// @ts-check
// Files of activations and kernels, as the API writes them.
/** @import { Digit } from "../types.js" */
import { bodyOf } from "./activations.js";
import { apiAddress } from "./address.js";
import { request, SAFETENSORS } from "./http.js";

/** By the ending of the file's name. */
const FORMATS = { png: "image/png", safetensors: SAFETENSORS, npz: "application/x-npz" };

const ZOOM = 8; // Pixels of a picture for each cell.

/**
 * What to download of a layer: one filter, or all of them if `filter` is null.
 * @typedef {{layer: string, filter: number | null, format: keyof typeof FORMATS, theme: string, checkpoint: number | null}} Download
 */

/**
 * A file of a layer's maps.
 * @param {string} model
 * @param {Digit} digit
 * @param {Download} download
 * @returns {Promise<Blob>}
 */
export async function downloadActivations(model, digit, { layer, filter, format, theme, checkpoint }) {
  const query = { layers: [layer], filter, theme, zoom: ZOOM, checkpoint };
  const address = apiAddress(["models", model, "feature-maps"], query);
  return (await request(address, { accept: FORMATS[format], body: bodyOf(digit) })).blob();
}

/**
 * A file of a layer's kernels.
 * @param {string} model
 * @param {Download} download
 * @returns {Promise<Blob>}
 */
export async function downloadKernels(model, { layer, filter, format, theme, checkpoint }) {
  const address = apiAddress(["models", model, "layers", layer, "kernels"], { filter, theme, zoom: ZOOM, checkpoint });
  return (await request(address, { accept: FORMATS[format] })).blob();
}
