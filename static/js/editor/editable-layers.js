// @ts-check
// Which layers of a network have kernels to edit, and whose maps are shown for them.
/** @import { LayerDescription, ModelDescription } from "../types.js" */
import { sectionsOf, shownLayer } from "../network/selectors.js";

/**
 * A convolution: each of its kernels is used at every position of a map.
 * @typedef {object} EditableLayer
 * @property {string} name
 * @property {number} filters
 * @property {[number, number, number]} kernelShape  [C, kH, kW]
 * @property {[number, number]} mapSize              [H, W]
 * @property {LayerDescription} shown  The layer whose maps are shown: a ReLU directly after it, else the convolution itself.
 */

/**
 * @param {ModelDescription} model
 * @returns {EditableLayer[]} None if the network has no convolution.
 */
export function editableLayers(model) {
  return sectionsOf(model).filter(({ layer }) => layer.kind === "conv2d").map((section) => {
    const { name, input_shape: [channels], output_shape: [filters, height, width], kernel_size: size } = section.layer;
    const [tall, wide] = size ?? [1, 1];
    return { name, filters, kernelShape: [channels, tall, wide], mapSize: [height, width], shown: shownLayer(section, true) };
  });
}

/**
 * The layers whose maps are shown, in order: every ReLU, and convolutions without one directly after them.
 * @param {ModelDescription} model
 * @returns {LayerDescription[]}
 */
export function mappedLayers(model) {
  const ofConvolutions = new Set(editableLayers(model).map(({ shown }) => shown));
  return model.layers.filter((layer) => Boolean(layer.function) || ofConvolutions.has(layer));
}
