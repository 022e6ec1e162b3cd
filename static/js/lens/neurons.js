// @ts-check
// Neurons as positions in layers: which exist, and their names. Uses neither values nor elements.
/** @import { LayerDescription, Neuron } from "../types.js" */
/** @import { Section } from "../network/selectors.js" */
import { arrowStep } from "../dom/grid-keys.js";

/** @param {Neuron} one  @param {Neuron | null} other */
export function sameNeuron(one, other) {
  return other !== null && sameMap(one, other) && one.row === other.row && one.column === other.column;
}

/** @param {Pick<Neuron, "layer" | "filter">} one  @param {Pick<Neuron, "layer" | "filter"> | null} other */
export function sameMap(one, other) {
  return one.layer === other?.layer && one.filter === other.filter;
}

/** @param {Neuron} neuron */
export function nameOf({ layer, filter, row, column }) {
  return `${layer}, map ${filter}, row ${row}, column ${column}`;
}

/**
 * Whether a layer with its own section has this neuron. The neuron in a link may not exist.
 * @param {Section[]} sections
 * @param {Neuron} neuron
 */
export function neuronExists(sections, { layer, filter, row, column }) {
  const shape = sections.find((section) => section.layer.name === layer)?.layer.output_shape;
  return shape !== undefined && [filter, row, column].every((index, axis) => Number.isInteger(index) && index >= 0 && index < shape[axis]);
}

/**
 * The neuron of a map at which the keyboard begins: the position looked at before as far as the map has it, else the
 * middle.
 * @param {LayerDescription} layer
 * @param {number} filter
 * @param {{row: number, column: number} | null} before
 * @returns {Neuron}
 */
export function startIn({ name, output_shape: [, rows, columns] }, filter, before) {
  const row = Math.min(before?.row ?? rows >> 1, rows - 1);
  const column = Math.min(before?.column ?? columns >> 1, columns - 1);
  return { layer: name, filter, row, column };
}

/**
 * Where a key leads from a neuron; null for other keys. The neuron need not exist: the caller checks.
 * @param {{key: string}} event
 * @param {Neuron} from
 * @param {number} columns  Of the map.
 * @returns {Neuron | null}
 */
export function neuronAfterKey(event, from, columns) {
  const step = arrowStep(event);
  if (step) return { ...from, row: from.row + step[0], column: from.column + step[1] };
  switch (event.key) {
    case "Home": return { ...from, column: 0 };
    case "End": return { ...from, column: columns - 1 };
    case "PageUp": return { ...from, filter: from.filter - 1 };
    case "PageDown": return { ...from, filter: from.filter + 1 };
    default: return null;
  }
}
