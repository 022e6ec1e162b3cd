// @ts-check
/** @import { Arithmetic, Box, LayerDescription, Neuron, Pair, Sources, Tensor } from "../types.js" */
import { valueAt } from "../network/selectors.js";

// One neuron's arithmetic, computed from the maps and kernels that the server sent in single precision.
//
// Sums are computed in double precision, as in POST /neuron: a product of two single-precision numbers is then exact. A test
// checks that this module and that operation give the same numbers.

/** The function that needs no maps of its own. */
export const RELU = "ReLU";

/**
 * The arithmetic that gives a neuron of a layer with weights its activation. What follows the layer is left out.
 * @param {LayerDescription} layer
 * @param {Sources} sources
 * @param {Pick<Neuron, "filter" | "row" | "column">} neuron
 * @param {Box} span  Where its patch lies in the input maps.
 * @returns {Arithmetic}
 */
export function writeOutSum(layer, { reads, own, weights }, neuron, span) {
  const [firstChannel, channels] = channelsOf(layer, neuron.filter);
  const size = span.height * span.width;
  const patch = readPatch(reads, span, firstChannel, channels);
  const stored = own ? valueAt(own, neuron) : null;
  if (!weights) throw new Error(`${layer.name} has weights, and none were given`);
  const kernel = kernelOf(weights.kernels, neuron);
  const products = Float64Array.from(patch, (value, i) => value * kernel[i]);
  const sums = new Float64Array(channels);
  products.forEach((product, i) => (sums[Math.floor(i / size)] += product));
  const bias = biasOf(weights.biases, neuron);
  const computed = sums.reduce((total, sum) => total + sum, 0) + bias;
  return { channels, rows: span.height, columns: span.width, firstChannel, span, patch, kernel, products, sums, bias, winner: null, computed, stored, after: null };
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
export function channelsOf(layer, filter) {
  if (layer.operation !== "weighted_sum") return [filter, 1];
  const { groups, input_shape: [maps], output_shape: [filters] } = layer;
  const count = maps / groups;
  return [Math.floor((filter * groups) / filters) * count, count];
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
export function readPatch({ shape: [, height, width], data }, span, first, channels) {
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
 * Whether a cell of a kernel lies between the weights of a dilated one.
 * @param {number} cell  In reading order.
 * @param {number} columns
 * @param {Pair} dilation
 */
export function isHole(cell, columns, [down, right]) {
  return Math.floor(cell / columns) % down !== 0 || (cell % columns) % right !== 0;
}
