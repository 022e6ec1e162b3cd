// @ts-check
/** @import { LayerDescription } from "../../../static/js/types.js" */
/** @import { EditableLayer } from "../../../static/js/editor/editable-layers.js" */

/**
 * A layer's description.
 * @param {string} name
 * @param {string} kind
 * @param {[number, number, number]} input
 * @param {[number, number, number]} output
 * @param {[number, number] | null} [kernel]
 * @returns {LayerDescription}
 */
export function layer(name, kind, input, output, kernel = null) {
  return {
    name, kind, operation: "", function: kind === "relu" ? "ReLU" : null, dilation: [1, 1], groups: 1, input_shape: input, output_shape: output, kernel_size: kernel, stride: null, padding: null, weights: 0, biases: 0, parameters: 0, multiply_adds: 0, weight_uses: 0,
    receptive_field: { size: [1, 1], jump: [1, 1], start: [0, 0] }, display_range: [0, 1], dead_filters: [],
  };
}

/**
 * A layer to edit.
 * @param {string} name
 * @param {number} filters
 * @param {[number, number, number]} kernelShape
 * @param {[number, number]} mapSize
 * @returns {EditableLayer}
 */
export function editable(name, filters, kernelShape, mapSize) {
  return { name, filters, kernelShape, mapSize, shown: layer(name, "relu", [filters, ...mapSize], [filters, ...mapSize]) };
}
