// @ts-check
// One image of the gradients of a network's first layer, by how the layer is connected. Knows no page.
/** @import { ComparedNetwork, Plane, Tensor } from "../../types.js" */
/** @import { KernelWindow } from "./contributions.js" */
import { planesOf } from "../../network/selectors.js";
import { indexOfLargest, separateContributions, sumContributions } from "./contributions.js";

/**
 * @typedef {object} LayerPicture
 * @property {Plane} plane
 * @property {string} words
 */

/**
 * @param {ComparedNetwork} network
 * @param {Plane} input
 * @param {Tensor} delta   [F, H, W] of its first layer.
 * @param {number | null} filter  Null, or a number that the layer does not have: the map with the largest δ.
 * @returns {LayerPicture}
 */
export function layerPicture({ connection, model }, input, delta, filter) {
  const maps = planesOf(delta);
  const peaks = maps.map(({ data }) => data[indexOfLargest(data)]);
  const chosen = filter !== null && filter < maps.length && connection !== "fully-connected" ? filter : indexOfLargest(peaks);
  const map = maps[chosen];
  if (connection === "fully-connected") {
    const data = input.data.map((pixel) => pixel * map.data[0]);
    return { plane: { ...input, data }, words: `Neuron ${chosen} of ${maps.length}: its δ times the whole digit, ${data.length} numbers.` };
  }
  const window = windowOf(model.layers[0]);
  const [height, width] = window.size;
  const neurons = map.data.length;
  if (connection === "locally-connected") {
    const words = `Map ${chosen}: ${neurons} neurons, ${neurons} gradients of ${height * width} numbers, each at the position of its neuron.`;
    return { plane: separateContributions(input, map, window), words };
  }
  const data = Float32Array.from(sumContributions(input, map, window));
  return { plane: { width, height, data }, words: `Kernel ${chosen}: ${neurons} neurons, one gradient of ${height * width} numbers.` };
}

/**
 * The window of a layer that has kernels.
 * @param {import("../../types.js").LayerDescription} layer
 * @returns {KernelWindow}
 */
export function windowOf({ kernel_size: size, stride, padding, dilation }) {
  return { size: size ?? [1, 1], stride: stride ?? [1, 1], padding: padding ?? [0, 0], dilation };
}
