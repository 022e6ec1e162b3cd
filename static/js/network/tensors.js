// @ts-check
// Arithmetic on whole tensors of feature maps or kernels. Does not know layers, requests or elements.
/** @import { Tensor } from "../types.js" */

/**
 * `now` minus `before`, value by value. Both belong to the same layer.
 * @param {Tensor} now
 * @param {Tensor} before
 * @returns {Tensor}
 */
export function differenceOf(now, before) {
  return { shape: now.shape, data: now.data.map((value, i) => value - before.data[i]) };
}

/**
 * The differences of the tensors that both have, by name.
 * @param {Record<string, Tensor>} now
 * @param {Record<string, Tensor>} before
 * @returns {Record<string, Tensor>}
 */
export function differencesOf(now, before) {
  const names = Object.keys(now).filter((name) => before[name]);
  return Object.fromEntries(names.map((name) => [name, differenceOf(now[name], before[name])]));
}

/**
 * ReLU of a tensor. It only compares values, so nothing is rounded and the server need not send it.
 * @param {Tensor} tensor
 * @returns {Tensor}
 */
export function rectify({ shape, data }) {
  return { shape, data: data.map((value) => Math.max(0, value)) };
}

/**
 * One kernel of each filter: of a layer whose weights are not shared, that of the middle position.
 * @param {Tensor} weights  [F, C, k, k] or [F, H, W, C, k, k]
 * @returns {Tensor}        [F, C, k, k]
 */
export function kernelsAtMiddle(weights) {
  if (weights.shape.length === 4) return weights;
  const { shape: [filters, height, width, ...kernel], data } = weights;
  const size = kernel.reduce((product, each) => product * each, 1);
  const middle = Math.floor(height / 2) * width + Math.floor(width / 2);
  const middles = Array.from({ length: filters }, (_, filter) => {
    const begin = (filter * height * width + middle) * size;
    return [...data.subarray(begin, begin + size)];
  });
  return { shape: [filters, ...kernel], data: Float32Array.from(middles.flat()) };
}
