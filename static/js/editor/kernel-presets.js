// @ts-check
// Kernels designed by hand, of any size.
/** @import { Tensor } from "../types.js" */

/**
 * By name, the weight at each point: x to the right and y down from the middle, −1 to 1 at the edges.
 * @type {Record<string, (x: number, y: number, angle: number) => number>}
 */
const PRESETS = {
  "sobel-vertical": (x, y) => x * smooth(y),
  "sobel-horizontal": (x, y) => y * smooth(x),
  blur: (x, y) => smooth(x) * smooth(y),
  sharpen: (x, y) => Math.exp(-6 * (x * x + y * y)) - 0.35 * Math.exp(-1.2 * (x * x + y * y)),
  gabor,
};

/** The 1, 2, 1 of a Sobel kernel, interpolated to any size. @param {number} offset */
function smooth(offset) {
  return 2 - Math.abs(offset);
}

/**
 * A cosine times a Gaussian: the model that fits cells of the visual cortex well (Daugman, 1985). Its stripes have the angle.
 * @param {number} x
 * @param {number} y
 * @param {number} angle  Degrees, counterclockwise; 0: horizontal stripes.
 */
function gabor(x, y, angle) {
  const turn = (angle * Math.PI) / 180;
  const across = -y * Math.cos(turn) - x * Math.sin(turn); // y up, as angles are counted
  return Math.exp(-1.5 * (x * x + y * y)) * Math.cos(Math.PI * across * 1.1);
}

/**
 * @param {string} id      Of PRESETS; "zero" or "random".
 * @param {[number, number]} size  [rows, columns]
 * @param {number} angle   Degrees, of a Gabor.
 * @param {number} norm    Square root of the sum of its squares: as strong as the kernel that it replaces.
 * @returns {Float32Array} [rows × columns]
 */
export function presetKernel(id, [rows, columns], angle, norm) {
  const count = rows * columns;
  if (id === "zero") return new Float32Array(count);
  if (id === "random") return scaled(Float64Array.from({ length: count }, randomNormal), norm);
  return scaled(Float64Array.from({ length: count }, (_, i) =>
    PRESETS[id](fromMiddle(i % columns, columns), fromMiddle(Math.floor(i / columns), rows), angle)), norm);
}

/** A cell's distance from the middle, −1 to 1 at the edges. @param {number} cell  @param {number} size */
function fromMiddle(cell, size) {
  const middle = (size - 1) / 2;
  return (cell - middle) / (middle || 1);
}

/** Box and Muller's method. */
function randomNormal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

/**
 * The norm of the learned kernel that a preset replaces; where that is nearly zero, half the mean norm of its layer's kernels.
 * @param {Tensor} learned  [F, C, kH, kW]
 * @param {number} filter
 * @param {number} channel
 */
export function normToMatch({ shape: [filters, channels, rows, columns], data }, filter, channel) {
  const size = rows * columns;
  const norms = Array.from({ length: filters }, (_, number) => {
    const begin = (number * channels + channel) * size;
    return normOf(data.subarray(begin, begin + size));
  });
  const mean = norms.reduce((sum, norm) => sum + norm, 0) / filters;
  return Math.max(norms[filter], mean / 2);
}

/** @param {ArrayLike<number>} weights */
function normOf(weights) {
  return Math.hypot(...Array.from(weights));
}

/** @param {Float64Array} weights  @param {number} norm */
function scaled(weights, norm) {
  const own = normOf(weights) || 1;
  return Float32Array.from(weights, (weight) => (weight * norm) / own);
}
