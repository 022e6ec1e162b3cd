// @ts-check
// A sentence about what a neuron computes.
/** @import { Arithmetic, LayerDescription, Neuron } from "../types.js" */
/** @import { Section } from "../network/selectors.js" */

/**
 * @param {object} view
 * @param {Section} view.section
 * @param {Pick<Neuron, "filter">} view.neuron
 * @param {number[]} view.order   Input channels; empty while unknown.
 * @param {string} view.reads     Name of the input layer, or "input".
 * @param {Pick<Arithmetic, "rows" | "columns"> | null} view.arithmetic
 */
export function sentenceOf({ section: { layer, after }, neuron, order, reads, arithmetic }) {
  const size = arithmetic ? `${arithmetic.rows}×${arithmetic.columns} ` : "";
  if (layer.operation === "maximum") return `The largest value of the ${size}patch outlined in map ${neuron.filter} of ${reads}.`;
  if (layer.operation === "mean") return `The mean of the ${size}patch outlined in map ${neuron.filter} of ${reads}.`;
  if (layer.kind === "linear") {
    const sum = `every value of ${reads === "input" ? "your digit" : reads} times its weight, added up`;
    if (after?.kind === "softmax") return `The evidence for and against class ${neuron.filter}: ${sum}; softmax then turns the sums of all classes into probabilities.`;
    return `Reads all of its input: ${sum}.`;
  }
  const source = reads === "input" ? "your digit" : `each of the ${order.length || layer.input_shape[0]} maps of ${reads}`;
  const sum = order.length > 1 ? `Sum over ${order.length} input maps, of which one is written out. ` : "";
  return `${sum}Reads the outlined ${size}patch of ${source}. Value × weight, added up, is one cell of map ${neuron.filter}; ${weightsOf(layer)}.`;
}

/** @param {LayerDescription} layer */
function weightsOf({ kind }) {
  return kind === "locally_connected2d" ? "each cell has a kernel of its own" : "all its cells share the kernel";
}
