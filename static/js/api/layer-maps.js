// @ts-check
// Maps of layers, and digits placed in them.
/** @import { Digit, Prediction, Tensor, Framing } from "../types.js" */
import { remember } from "../code/last-requests.js";
import { bodyOf } from "./activations.js";
import { apiAddress } from "./address.js";
import { request, requestTensors } from "./http.js";

/** @typedef {{index: number, label: number, distance: number}} Neighbor */
/** @typedef {{name: string, neighbors: Neighbor[]}} PlacedLayer  Its coordinates are the tensor `<name>/coordinates`. */

/**
 * The test digits of a map.
 * @typedef {object} LayerMap
 * @property {number[]} indexes
 * @property {number[]} labels
 * @property {number[]} variance    Each component's share.
 * @property {Float32Array} points  x and y of each digit.
 */

/**
 * @param {string} model
 * @param {string} layer
 * @param {number | null} checkpoint  Training step; null for the finished network.
 * @returns {Promise<LayerMap>}
 */
export async function getLayerMap(model, layer, checkpoint) {
  const address = apiAddress(["experiments", "layer-map"], { model, layer, checkpoint, components: 2, dtype: "float16" });
  const { tensors, metadata } = await requestTensors(address);
  const { indexes, labels, variance } = JSON.parse(metadata.response);
  return { indexes, labels, variance, points: tensors.coordinates.data };
}

/**
 * The digits of a map as one picture, 50 to a row.
 * @param {string} model
 * @returns {Promise<ImageBitmap>}
 */
export async function getMapSheet(model) {
  const address = apiAddress(["experiments", "layer-map"], { model, layer: "input" });
  return createImageBitmap(await (await request(address, { accept: "image/png" })).blob());
}

/**
 * Where a digit lies in the map of each layer. Tensors: `input/pixels` or `input`, `<layer>/coordinates`, `prediction/probabilities`.
 * @param {string} model
 * @param {Digit} digit
 * @param {string[]} layers
 * @param {number | null} checkpoint
 * @returns {Promise<{response: {layers: PlacedLayer[], prediction: Prediction | null, input: {framing: Framing}}, tensors: Record<string, Tensor>}>}
 */
export async function postPlacedDigit(model, digit, layers, checkpoint) {
  remember("layer-map", { digit, query: { model, layers, checkpoint } });
  // Single precision: half of it would move the point by a pixel.
  const address = apiAddress(["experiments", "layer-map"], { model, layers, checkpoint, dtype: "float32" });
  const { tensors, metadata } = await requestTensors(address, { body: bodyOf(digit) });
  return { response: JSON.parse(metadata.response), tensors };
}
