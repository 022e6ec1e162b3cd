// @ts-check
/** @import { Plane } from "../types.js" */

/**
 * The patch of a plane that a neuron of a convolution of stride 1 sees; zeros beyond the border.
 * @param {Plane} input
 * @param {number} size     Of the kernel.
 * @param {number} padding
 * @param {number} row
 * @param {number} column
 * @returns {Float64Array} [size × size]
 */
export function patchOf({ width, height, data }, size, padding, row, column) {
  const patch = new Float64Array(size * size);
  for (let i = 0; i < patch.length; i += 1) {
    const [y, x] = [row - padding + Math.floor(i / size), column - padding + (i % size)];
    if (y >= 0 && x >= 0 && y < height && x < width) patch[i] = data[y * width + x];
  }
  return patch;
}

/**
 * The gradient of a shared kernel, poured in from the first `count` neurons of a map in reading order: δ × patch, added up.
 * In double precision, as backpropagation's own is computed.
 * @param {Plane} input
 * @param {Plane} delta
 * @param {number} size
 * @param {number} padding
 * @param {number} count
 */
export function assembled(input, delta, size, padding, count) {
  const gradient = new Float64Array(size * size);
  for (let cell = 0; cell < count; cell += 1) {
    if (!delta.data[cell]) continue;
    const patch = patchOf(input, size, padding, Math.floor(cell / delta.width), cell % delta.width);
    for (let i = 0; i < patch.length; i += 1) gradient[i] += delta.data[cell] * patch[i];
  }
  return gradient;
}

/**
 * What is kept where no weight is shared: each neuron's δ × patch by itself, laid out where the neuron stands.
 * @param {Plane} input
 * @param {Plane} delta
 * @param {number} size
 * @param {number} padding
 * @returns {Plane} As many cells as products.
 */
export function keptApart(input, delta, size, padding) {
  const width = delta.width * size;
  const data = new Float32Array(width * delta.height * size);
  delta.data.forEach((value, cell) => {
    if (!value) return;
    const [row, column] = [Math.floor(cell / delta.width), cell % delta.width];
    patchOf(input, size, padding, row, column).forEach((pixel, i) => {
      data[(row * size + Math.floor(i / size)) * width + column * size + (i % size)] = value * pixel;
    });
  });
  return { width, height: delta.height * size, data };
}
