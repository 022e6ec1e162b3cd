// @ts-check
// A neuron's receptive field on the pad, the input and every earlier map, and the contribution of each map of the previous
// layer. Uses layer geometry and numbers, but no elements.
/** @import { Arithmetic, Box, Digit, Framing, LayerDescription, Neuron, ReceptiveField } from "../types.js" */
/** @import { Section } from "../network/selectors.js" */
/** @import { Feeds } from "./receptive-field.js" */
import { insideOf, shareOf } from "../draw/grid-geometry.js";
import { formatFixed } from "./rounding.js";

/** The receptive field of an input pixel is the pixel itself. @type {ReceptiveField} */
const INPUT_FIELD = { size: [1, 1], jump: [1, 1], start: [0, 0] };

const WEAK = 0.05; // A map that adds less than this share of the strongest is dimmed.

/**
 * The boxes of a receptive field, in shares of the map or canvas on which they are drawn, 0–1.
 * @param {LayerDescription[]} layers     All of the network, in order.
 * @param {Section[]} sections
 * @param {Neuron} neuron
 * @param {Digit} digit
 * @param {Framing | undefined} framing   Undefined until the first response.
 */
export function fieldBoxes(layers, sections, neuron, digit, framing) {
  const position = layers.findIndex(({ name }) => name === neuron.layer);
  const layer = layers[position];
  const [, height, width] = layer.output_shape;
  const [inputHeight, inputWidth] = layers[0].input_shape.slice(1);
  const onInput = insideOf(fieldIn(layer, neuron, null, [inputHeight, inputWidth]), inputHeight, inputWidth);
  /** @type {Map<string, Box>} */
  const earlierBoxes = new Map();
  for (const { layer: earlier } of sections) {
    if (layers.indexOf(earlier) >= position) continue;
    const [, rows, columns] = earlier.output_shape;
    earlierBoxes.set(earlier.name, shareOf(insideOf(fieldIn(layer, neuron, earlier, [rows, columns]), rows, columns), rows, columns));
  }
  // The pad shows a drawing as it was drawn, but a test digit or an upload after framing.
  const drawn = digit.kind === "strokes" && framing;
  return {
    input: shareOf(onInput, inputHeight, inputWidth),
    pad: drawn ? onPad(onInput, framing, [inputHeight, inputWidth]) : shareOf(onInput, inputHeight, inputWidth),
    layers: earlierBoxes,
    own: { section: layer.name, filter: neuron.filter, cell: shareOf({ top: neuron.row, left: neuron.column, height: 1, width: 1 }, height, width) },
  };
}

/**
 * The contribution of each map of the previous layer to the neuron; null for the first layer, or if nothing is known yet.
 * @param {Section[]} sections
 * @param {LayerDescription | undefined} before
 * @param {number} filter
 * @param {Arithmetic | null} arithmetic
 * @param {{isExact: boolean, decimals: number}} shown
 * @returns {Feeds | null}
 */
export function feedsOf(sections, before, filter, arithmetic, { isExact, decimals }) {
  const section = before && sections.find((each) => each.layer === before || each.after === before);
  if (!section || !arithmetic) return null;
  const { sums, firstChannel } = arithmetic;
  // Pooling has a single input map; a convolution in groups reads the maps of one group.
  const isRead = (/** @type {number} */ map) => (sums ? firstChannel <= map && map < firstChannel + sums.length : map === filter);
  const adds = Float64Array.from({ length: before.output_shape[0] }, (_, map) => (isRead(map) ? (sums?.[map - firstChannel] ?? arithmetic.computed) : 0));
  const strongest = Math.max(...Array.from(adds, Math.abs));
  return {
    section: section.layer.name,
    texts: Array.from(adds, (sum, i) => (!isExact || !isRead(i) ? "" : sums ? formatFixed(sum, decimals, true) : "read")),
    weak: Array.from(adds, (sum) => Math.abs(sum) <= WEAK * strongest),
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
