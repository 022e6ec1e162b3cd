// @ts-check
/** @import { Box, Framing, LayerDescription, Neuron, ReceptiveField } from "../types.js" */

// Positions of neurons and their receptive fields. Uses only layer geometry, not weights, values or elements.

/**
 * The cell of a grid under a point; the nearest one for a point outside the grid.
 * @param {{left: number, top: number, width: number, height: number}} area  The grid on screen.
 * @param {number} x
 * @param {number} y
 * @param {number} rows
 * @param {number} columns
 */
export function cellAt(area, x, y, rows, columns) {
  return {
    row: within(Math.floor(((y - area.top) / area.height) * rows), rows),
    column: within(Math.floor(((x - area.left) / area.width) * columns), columns),
  };
}

/**
 * The position of a neuron's patch in its layer's input maps; may reach into padding.
 * @param {Pick<LayerDescription, "kernel_size" | "stride" | "padding" | "input_shape"> & {function?: string | null}} layer
 * @param {Pick<Neuron, "row" | "column">} neuron
 * @returns {Box}
 */
export function patchSpan({ kernel_size: size, stride, padding, input_shape: [, height, width], function: each }, { row, column }) {
  if (each) return { top: row, left: column, height: 1, width: 1 };
  if (size === null || stride === null || padding === null) return { top: 0, left: 0, height, width };
  return { top: row * stride[0] - padding[0], left: column * stride[1] - padding[1], height: size[0], width: size[1] };
}

/**
 * The part of a box that is not padding.
 * @param {Box} box
 * @param {number} height
 * @param {number} width
 * @returns {Box}
 */
export function insideOf(box, height, width) {
  const top = Math.max(box.top, 0);
  const left = Math.max(box.left, 0);
  const bottom = Math.min(box.top + box.height, height);
  const right = Math.min(box.left + box.width, width);
  return { top, left, height: Math.max(0, bottom - top), width: Math.max(0, right - left) };
}

/**
 * A box as shares of an extent, 0–1.
 * @param {Box} box
 * @param {number} height
 * @param {number} width
 * @returns {Box}
 */
export function shareOf(box, height, width) {
  return { top: box.top / height, left: box.left / width, height: box.height / height, width: box.width / width };
}

/**
 * @param {number} position
 * @param {number} count
 */
function within(position, count) {
  return Math.min(count - 1, Math.max(0, position));
}
