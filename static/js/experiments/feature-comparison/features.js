// @ts-check
// Global and local features: their order, their planes and their numbers in words. Uses neither elements nor requests.
/** @import { FeatureComparison, Plane, Tensor } from "../../types.js" */
import { formatValue } from "../../network/legend.js";

/**
 * Numbers of the features in the order of the sheet.
 * @param {"strongest" | "fixed"} order
 * @param {number} count
 * @param {FeatureComparison["perceptron"] | null} perceptron  Null until the activations are known.
 */
export function orderOf(order, count, perceptron) {
  return order === "strongest" && perceptron ? perceptron.order : Array.from({ length: count }, (_, number) => number);
}

/**
 * The kernel of one filter, of a layer that reads one channel.
 * @param {Tensor} kernels  [F, 1, kH, kW]
 * @param {number} filter
 * @returns {Plane}
 */
export function kernelOf({ shape: [, , height, width], data }, filter) {
  return { width, height, data: data.subarray(filter * height * width, (filter + 1) * height * width) };
}

/**
 * Weight times pixel, at each position.
 * @param {Plane} weights
 * @param {Plane} digit
 * @returns {Plane}
 */
export function productsOf({ width, height, data }, digit) {
  return { width, height, data: data.map((weight, i) => weight * digit.data[i]) };
}

/**
 * The absolute value that a share of the numbers do not exceed.
 * @param {Float32Array} numbers
 * @param {number} share
 */
export function percentile(numbers, share) {
  const sorted = numbers.map(Math.abs).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] || 1;
}

/**
 * What a template computes for the digit.
 * @param {FeatureComparison["perceptron"]} perceptron
 * @param {number} number
 * @param {number} pixels
 */
export function describeTemplate({ pre_activations: sums, activations, order }, number, pixels) {
  return `${pixels} products and a bias add up to ${formatValue(sums[number])}; after the ReLU ${formatValue(activations[number])}. `
    + `${ordinal(order.indexOf(number) + 1)} of ${order.length}.`;
}

/**
 * Where a kernel's activation is largest.
 * @param {FeatureComparison["convolution"]} convolution
 * @param {number} number
 */
export function describeKernel({ strongest, positions, active_share: shares }, number) {
  if (strongest[number] === 0) return `Kernel ${number} is not activated anywhere on this digit.`;
  const [row, column] = positions[number];
  return `The largest activation of kernel ${number} is ${formatValue(strongest[number])}, at row ${row}, column ${column}; `
    + `${Math.round(100 * shares[number])}% of its activations are positive.`;
}

/**
 * Each model's prediction for the digit.
 * @param {FeatureComparison} comparison
 * @param {(id: string) => string} nameOf
 */
export function describePredictions({ perceptron, convolution }, nameOf) {
  const predictions = [perceptron, convolution].map(({ model, prediction }) => (
    `${nameOf(model)}: ${prediction ? prediction.digit : "no prediction"}`));
  return predictions.join("; ");
}

/** @param {number} rank */
function ordinal(rank) {
  const tens = rank % 100;
  const suffix = tens > 10 && tens < 14 ? "th" : (["th", "st", "nd", "rd"][rank % 10] ?? "th");
  return `${rank === 1 ? "The strongest" : `The ${rank}${suffix} strongest`}`;
}
