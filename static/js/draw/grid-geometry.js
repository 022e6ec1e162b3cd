// @ts-check
/** @import { Box, Framing, LayerDescription, Neuron, ReceptiveField } from "../types.js" */

// Where neurons lie and what they see. Knows layer geometry only: nothing of weights, values or elements.

/** What an input pixel sees: itself. @type {ReceptiveField} */
const INPUT_FIELD = { size: 1, jump: 1, start: 0 };


/**
 * The cell of a grid under a point; the nearest one for a point on the grid's rim.
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
 * What a neuron sees of the maps of an earlier layer, or of the input; may reach into padding.
 *
 * Both layers' receptive fields are boxes on the input, so the earlier cells that a neuron sees are those whose
 * boxes make up its own: from the difference of the starts, in steps of the earlier layer's jump.
 *
 * @param {LayerDescription} layer
 * @param {{row: number, column: number}} neuron
 * @param {LayerDescription | null} earlier  Null for the input.
 * @param {[number, number]} extent  Rows and columns of the earlier maps.
 * @returns {Box}
 */
export function fieldIn(layer, { row, column }, earlier, [height, width]) {
  const own = layer.receptive_field;
  // A jump of 0: the neuron sees the whole input, whatever its place.
  if (!own.jump) return { top: 0, left: 0, height, width };
  const field = earlier?.receptive_field ?? INPUT_FIELD;
  const size = (own.size - field.size) / field.jump + 1;
  const first = (own.start - field.start) / field.jump;
  const step = own.jump / field.jump;
  return { top: first + row * step, left: first + column * step, height: size, width: size };
}

/**
 * Where a neuron's patch lies in the maps it reads; may reach into padding.
 * @param {LayerDescription} layer
 * @param {Pick<Neuron, "row" | "column">} neuron
 * @returns {Box}
 */
export function patchSpan({ kernel_size: size, stride, padding, input_shape: [, height, width] }, { row, column }) {
  if (size === null || stride === null || padding === null) return { top: 0, left: 0, height, width };
  return { top: row * stride - padding, left: column * stride - padding, height: size, width: size };
}

/**
 * The part of a box that is no padding.
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
 * Where input pixels come from on the drawing pad: the way back through placing, scaling and cropping.
 * @param {Box} box  Input pixels, without padding.
 * @param {Framing} framing
 * @param {number} extent  Rows, and columns, of the input.
 * @returns {Box} In pad units; cut off at the pad's rim.
 */
export function onPad(box, { crop, placed, source_size: [height, width] }, extent) {
  const shares = shareOf(box, extent, extent);
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
