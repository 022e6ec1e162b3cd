// @ts-check
// What each neuron contributes to the gradient of its kernel: δ times the patch that it sees.
/** @import { Pair, Plane } from "../../types.js" */
import { isHole } from "../../lens/arithmetic.js";

/** How a kernel is moved over its input; all [height, width]. @typedef {{size: Pair, stride: Pair, padding: Pair, dilation: Pair}} KernelWindow */

/**
 * The patch of a plane that a neuron of a convolution sees; zeros beyond the border, and in the holes of a dilated kernel.
 * @param {Plane} input
 * @param {KernelWindow} window
 * @param {number} row     Of the neuron in its map.
 * @param {number} column
 * @returns {Float64Array} [height × width] of the kernel.
 */
export function patchOf({ width, height, data }, { size, stride, padding, dilation }, row, column) {
  const patch = new Float64Array(size[0] * size[1]);
  const [top, left] = [row * stride[0] - padding[0], column * stride[1] - padding[1]];
  for (let i = 0; i < patch.length; i += 1) {
    const [y, x] = [top + Math.floor(i / size[1]), left + (i % size[1])];
    if (y >= 0 && x >= 0 && y < height && x < width && !isHole(i, size[1], dilation)) patch[i] = data[y * width + x];
  }
  return patch;
}

/**
 * The contributions of the first `count` neurons of a map in reading order, added up: with all of them, the gradient of a shared
 * kernel. In double precision, as backpropagation computes it.
 * @param {Plane} input
 * @param {Plane} delta
 * @param {KernelWindow} window
 * @param {number} [count]  Left out: all.
 */
export function sumContributions(input, delta, window, count = delta.data.length) {
  const gradient = new Float64Array(window.size[0] * window.size[1]);
  for (let neuron = 0; neuron < count; neuron += 1) {
    if (!delta.data[neuron]) continue;
    const patch = patchOf(input, window, Math.floor(neuron / delta.width), neuron % delta.width);
    for (let i = 0; i < patch.length; i += 1) gradient[i] += delta.data[neuron] * patch[i];
  }
  return gradient;
}

/**
 * The contributions where no weight is shared: each neuron's own gradient, at the position of its neuron.
 * @param {Plane} input
 * @param {Plane} delta
 * @param {KernelWindow} window
 * @returns {Plane} As many cells as products.
 */
export function separateContributions(input, delta, window) {
  const [tall, wide] = window.size;
  const width = delta.width * wide;
  const data = new Float32Array(width * delta.height * tall);
  delta.data.forEach((value, neuron) => {
    if (!value) return;
    const [row, column] = [Math.floor(neuron / delta.width), neuron % delta.width];
    patchOf(input, window, row, column).forEach((pixel, i) => {
      data[(row * tall + Math.floor(i / wide)) * width + column * wide + (i % wide)] = value * pixel;
    });
  });
  return { width, height: delta.height * tall, data };
}

/**
 * The index of the value with the largest absolute value.
 * @param {ArrayLike<number>} values
 */
export function indexOfLargest(values) {
  let best = 0;
  for (let i = 1; i < values.length; i += 1) if (Math.abs(values[i]) > Math.abs(values[best])) best = i;
  return best;
}
