// @ts-check
// One neuron's arithmetic in any layer, and what the function or softmax after the layer makes of it.
/** @import { Arithmetic, Box, LayerDescription, Neuron, Sources, Tensor } from "../types.js" */
import { insideOf } from "../draw/grid-geometry.js";
import { valueAt } from "../network/selectors.js";
import { RELU, readPatch, writeOutSum } from "./arithmetic.js";

/**
 * The arithmetic that gives a neuron its activation.
 * @param {LayerDescription} layer
 * @param {Sources} sources
 * @param {Pick<Neuron, "filter" | "row" | "column">} neuron
 * @param {Box} span  Where its patch lies in the input maps.
 * @returns {Arithmetic}
 */
export function writeOut(layer, sources, neuron, span) {
  const written = layer.operation === "weighted_sum" ? writeOutSum(layer, sources, neuron, span) : withoutWeights(layer, sources, neuron, span);
  return { ...written, after: afterOf(sources.after, sources.own, neuron, written.computed) };
}

/**
 * Pooling, padding, or a function of each value: a neuron reads the map of its own number.
 * @param {LayerDescription} layer
 * @param {Sources} sources
 * @param {Pick<Neuron, "filter" | "row" | "column">} neuron
 * @param {Box} span
 * @returns {Arithmetic}
 */
function withoutWeights({ operation }, { reads, own }, neuron, span) {
  const patch = readPatch(reads, span, neuron.filter, 1);
  const stored = own ? valueAt(own, neuron) : null;
  const inside = insideOf(span, reads.shape[1], reads.shape[2]);
  const winner = operation === "maximum" ? positionOfLargest(patch, span, inside) : null;
  const mean = patch.reduce((total, value) => total + value, 0) / (inside.height * inside.width);
  // A padding's value and a function's are the network's own.
  const computed = winner !== null ? patch[winner] : operation === "mean" ? mean : (stored ?? patch[0]);
  const shape = { channels: 1, rows: span.height, columns: span.width, firstChannel: neuron.filter, span };
  return { ...shape, patch, kernel: null, products: null, sums: null, bias: 0, winner, computed, stored, after: null };
}

/**
 * The position of the largest value that is not padding. Of equal values the leftmost, and of those the topmost: the one that the network's
 * backward pass chooses.
 * @param {Float32Array | Float64Array} patch  A single map's.
 * @param {Box} span
 * @param {Box} inside  The part of the span that is not padding.
 * @returns {number} Its index in the patch, which is in reading order.
 */
function positionOfLargest(patch, { top, left, width }, inside) {
  const [first, begin] = [inside.top - top, inside.left - left];
  let position = first * width + begin;
  for (let column = begin; column < begin + inside.width; column += 1) {
    for (let row = first; row < first + inside.height; row += 1) {
      if (patch[row * width + column] > patch[position]) position = row * width + column;
    }
  }
  return position;
}

/**
 * What the function or softmax after the layer computes from its activation.
 * @param {Sources["after"]} after
 * @param {Tensor | null} own
 * @param {Pick<Neuron, "filter" | "row" | "column">} neuron
 * @param {number} computed  The activation, in double precision.
 * @returns {Arithmetic["after"]}
 */
function afterOf(after, own, neuron, computed) {
  if (!after || !own) return null;
  if (after.kind === "function") {
    const rectified = after.title === RELU;
    if (!rectified && !after.tensor) return null;
    const stored = after.tensor && !rectified ? valueAt(after.tensor, neuron) : Math.max(0, valueAt(own, neuron));
    return { kind: "function", title: after.title, computed: rectified ? Math.max(0, computed) : stored, stored };
  }
  const largest = own.data.reduce((a, b) => Math.max(a, b));
  const exponentials = Array.from(own.data, (logit) => Math.exp(logit - largest));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  return { kind: "softmax", exponentials, sum, largest, computed: exponentials[neuron.filter] / sum, stored: valueAt(after.tensor, neuron) };
}
