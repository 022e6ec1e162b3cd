// @ts-check
/** @import { Box, Framing, LayerDescription, Neuron, ReceptiveField } from "../types.js" */

// Positions of neurons and their receptive fields. Uses only layer geometry, not weights, values or elements.

/** The receptive field of an input pixel is the pixel itself. @type {ReceptiveField} */
const INPUT_FIELD = { size: [1, 1], jump: [1, 1], start: [0, 0] };

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
 * A neuron's receptive field in the maps of an earlier layer, or in the input; may reach into padding.
 *
 * Both layers' receptive fields are boxes on the input. The earlier cells in the field are those whose boxes lie inside the
 * neuron's own box: the difference of the starts, divided by the earlier layer's jump, is the first of them.
 *
 * @param {LayerDescription} layer
 * @param {{row: number, column: number}} neuron
 * @param {LayerDescription | null} earlier  Null for the input.
 * @param {[number, number]} extent  Rows and columns of the earlier maps.
 * @returns {Box}
 */
export function fieldIn(layer, { row, column }, earlier, [height, width]) {
  const own = layer.receptive_field;
  // A jump of 0 means that every neuron sees the whole input.
  if (!own.jump[0]) return { top: 0, left: 0, height, width };
  const field = earlier?.receptive_field ?? INPUT_FIELD;
  const [[top, tall], [left, wide]] = [row, column].map((position, axis) => {
    const [size, jump, start] = [own.size[axis], own.jump[axis], own.start[axis]];
    const first = (start + jump * position - field.start[axis]) / field.jump[axis];
    return [first, (size - field.size[axis]) / field.jump[axis] + 1];
  });
  return { top, left, height: tall, width: wide };
}

/**
 * The position of a neuron's patch in its layer's input maps; may reach into padding.
 * @param {Pick<LayerDescription, "kernel_size" | "stride" | "padding" | "input_shape">} layer
 * @param {Pick<Neuron, "row" | "column">} neuron
 * @returns {Box}
 */
export function patchSpan({ kernel_size: size, stride, padding, input_shape: [, height, width] }, { row, column }) {
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
 * The area of the drawing pad from which input pixels come: framing, computed backward.
 * @param {Box} box  Input pixels, without padding.
 * @param {Framing} framing
 * @param {[number, number]} extent  Rows and columns of the input.
 * @returns {Box} In pad units; cut off at the pad's edge.
 */
export function onPad(box, { crop, placed, source_size: [height, width] }, extent) {
  const shares = shareOf(box, ...extent);
  if (!crop || !placed) return shares;
  const tall = crop.height / placed.height;
  const wide = crop.width / placed.width;
  const top = (crop.top + (box.top - placed.top) * tall) / height;
  const left = (crop.left + (box.left - placed.left) * wide) / width;
  return insideOf({ top, left, height: (box.height * tall) / height, width: (box.width * wide) / width }, 1, 1);
}

/**
 * @param {number} position
 * @param {number} count
 */
function within(position, count) {
  return Math.min(count - 1, Math.max(0, position));
}
