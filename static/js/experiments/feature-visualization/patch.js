// @ts-check
/** @import { Box, Plane } from "../../types.js" */

/**
 * The pixels in a neuron's receptive field; zero beyond the border.
 * @param {Plane} plane
 * @param {Box} box
 * @returns {Plane}
 */
export function patchOf({ width, height, data }, { top, left, height: rows, width: columns }) {
  const patch = new Float32Array(rows * columns);
  for (let row = Math.max(0, -top); row < Math.min(rows, height - top); row += 1) {
    for (let column = Math.max(0, -left); column < Math.min(columns, width - left); column += 1) {
      patch[row * columns + column] = data[(top + row) * width + left + column];
    }
  }
  return { width: columns, height: rows, data: patch };
}

/**
 * The receptive field of the neuron in the middle of a map.
 * @param {{size: [number, number], jump: [number, number], start: [number, number]}} field
 * @param {[number, number]} map  Height and width of the map.
 * @returns {Box}
 */
export function middleBox({ size, jump, start }, map) {
  const [top, left] = [0, 1].map((axis) => start[axis] + jump[axis] * Math.floor(map[axis] / 2));
  return { top, left, height: size[0], width: size[1] };
}
