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
