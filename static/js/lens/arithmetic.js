// @ts-check
/** @import { Arithmetic, Box, LayerDescription, Neuron, Sources, Tensor } from "../types.js" */
import { insideOf } from "../draw/grid-geometry.js";
import { valueAt } from "../network/selectors.js";

/** The function that needs no maps of its own. */
export const RELU = "ReLU";

// One neuron's arithmetic, computed from the maps and kernels that the server sent in single precision.
//
// Sums are computed in double precision, as in POST /neuron: a product of two single-precision numbers is then exact. A test
// checks that this module and that operation give the same numbers.

/**
 * The arithmetic that gives a neuron its activation.
 * @param {LayerDescription} layer
 * @param {Sources} sources
 * @param {Pick<Neuron, "filter" | "row" | "column">} neuron
 * @param {Box} span  Where its patch lies in the input maps.
 * @returns {Arithmetic}
 */
export function writeOut(layer, sources, neuron, span) {
  const { reads, own, after, weights } = sources;
  const [firstChannel, channels] = channelsOf(layer, neuron.filter);
  const size = span.height * span.width;
  const patch = readPatch(reads, span, firstChannel, channels);
  const stored = own ? valueAt(own, neuron) : null;
  const shape = { channels, rows: span.height, columns: span.width, firstChannel, span };
  if (layer.operation !== "weighted_sum") {
    const inside = insideOf(span, reads.shape[1], reads.shape[2]);
    const winner = layer.operation === "maximum" ? positionOfLargest(patch, span, inside) : null;
    const mean = patch.reduce((total, value) => total + value, 0) / (inside.height * inside.width);
    // A padding's value and a function's are the network's own.
    const computed = winner !== null ? patch[winner] : layer.operation === "mean" ? mean : (stored ?? patch[0]);
    return {
      ...shape, patch, kernel: null, products: null, sums: null, bias: 0, winner, computed, stored, after: afterOf(after, own, neuron, computed),
    };
  }
  if (!weights) throw new Error(`${layer.name} has weights, and none were given`);
  const kernel = kernelOf(weights.kernels, neuron);
  const products = Float64Array.from(patch, (value, i) => value * kernel[i]);
  const sums = new Float64Array(channels);
  products.forEach((product, i) => (sums[Math.floor(i / size)] += product));
  const bias = biasOf(weights.biases, neuron);
  const computed = sums.reduce((total, sum) => total + sum, 0) + bias;
  return { ...shape, patch, kernel, products, sums, bias, winner: null, computed, stored, after: afterOf(after, own, neuron, computed) };
}

/**
 * Whether a neuron's patch is empty: its activation is then that of the bias alone.
 * @param {LayerDescription} layer
 * @param {Tensor} reads
 * @param {number} filter
 * @param {Box} span
 */
export function isEmptyPatch(layer, reads, filter, span) {
  const [first, channels] = channelsOf(layer, filter);
  return readPatch(reads, span, first, channels).every((value) => value === 0);
}

/**
 * The first of the input maps that a filter reads, and how many: its own, or those of its group.
 * @param {LayerDescription} layer
 * @param {number} filter
 * @returns {[number, number]}
 */
function channelsOf(layer, filter) {
  if (layer.operation !== "weighted_sum") return [filter, 1];
  const { groups, input_shape: [maps], output_shape: [filters] } = layer;
  const count = maps / groups;
  return [Math.floor((filter * groups) / filters) * count, count];
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

/** Whether every position has its own kernel. @param {Tensor} kernels */
export function isUnshared(kernels) {
  return kernels.shape.length === 6;
}

/**
 * @param {Tensor} kernels  [F, C, kH, kW], or [F, H', W', C, kH, kW] for unshared weights.
 * @param {Pick<Neuron, "filter" | "row" | "column">} neuron
 * @returns {Float32Array} [C, kH, kW], flat.
 */
export function kernelOf(kernels, { filter, row, column }) {
  const { shape, data } = kernels;
  const size = shape.slice(-3).reduce((product, extent) => product * extent, 1);
  const index = isUnshared(kernels) ? (filter * shape[1] + row) * shape[2] + column : filter;
  return data.subarray(index * size, (index + 1) * size);
}

/**
 * @param {Tensor} biases  [F], or [F, H', W'] for unshared weights.
 * @param {Pick<Neuron, "filter" | "row" | "column">} neuron
 */
function biasOf(biases, neuron) {
  return biases.shape.length === 3 ? valueAt(biases, neuron) : biases.data[neuron.filter];
}

/**
 * @param {Tensor} reads
 * @param {Box} span
 * @param {number} first
 * @param {number} channels
 * @returns {Float32Array} Zeros where the span reaches into padding.
 */
function readPatch({ shape: [, height, width], data }, span, first, channels) {
  const patch = new Float32Array(channels * span.height * span.width);
  for (let channel = 0; channel < channels; channel += 1) {
    for (let i = 0; i < span.height; i += 1) {
      for (let j = 0; j < span.width; j += 1) {
        const [y, x] = [span.top + i, span.left + j];
        if (y < 0 || x < 0 || y >= height || x >= width) continue;
        patch[(channel * span.height + i) * span.width + j] = data[((first + channel) * height + y) * width + x];
      }
    }
  }
  return patch;
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
