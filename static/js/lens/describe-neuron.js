// @ts-check
// A sentence about what a neuron computes.
/** @import { Arithmetic, LayerDescription, Neuron } from "../types.js" */
/** @import { Section } from "../network/selectors.js" */
import { className } from "../network/prediction-bars.js";

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
  if (layer.operation === "copy") return `The outlined cell of map ${neuron.filter} of ${reads}; around the map, the padding's value.`;
  if (layer.function) return `${layer.function} of the outlined cell of map ${neuron.filter} of ${reads}.`;
  if (layer.kind === "affine") return `The outlined cell of ${layer.groups > 1 || reads !== "input" ? `map ${neuron.filter} of ${reads}` : "your digit"} times one number, plus another; the same for all cells of the map.`;
  if (layer.kind === "linear") {
    const sum = `every value of ${reads === "input" ? "your digit" : reads} times its weight, added up`;
    if (after?.kind === "softmax") return `The evidence for and against class ${className(neuron.filter)}: ${sum}; softmax then turns the sums of all classes into probabilities.`;
    return `Reads all of its input: ${sum}.`;
  }
  const count = order.length || layer.input_shape[0] / layer.groups;
  const source = reads === "input" ? "your digit" : count === 1 ? `one map of ${reads}` : `each of the ${count} maps of ${reads}`;
  const sum = order.length > 1 ? `Sum over ${order.length} input maps, of which one is written out. ` : "";
  return `${sum}Reads the outlined ${size}patch of ${source}. Value × weight, added up, is one cell of map ${neuron.filter}; ${weightsOf(layer)}.`;
}

/** @param {LayerDescription} layer */
function weightsOf({ kind }) {
  return kind === "locally_connected2d" ? "each cell has a kernel of its own" : "all its cells share the kernel";
}
