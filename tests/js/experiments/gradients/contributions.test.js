// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { indexOfLargest, patchOf, separateContributions, sumContributions } from "../../../../static/js/experiments/gradients/contributions.js";

/** 1 2 3 / 4 5 6 / 7 8 9 */
const INPUT = { width: 3, height: 3, data: Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9) };

/** @type {import("../../../../static/js/experiments/gradients/contributions.js").KernelWindow} */
const SQUARE = { size: [2, 2], stride: [1, 1], padding: [0, 0], dilation: [1, 1] };

test("a patch has zeros beyond the border", () => {
  assert.deepEqual([...patchOf(INPUT, { ...SQUARE, padding: [1, 1] }, 0, 1)], [0, 0, 1, 2]);
});

test("a patch follows a rectangular kernel and its stride", () => {
  assert.deepEqual([...patchOf(INPUT, { ...SQUARE, size: [1, 3], stride: [2, 1], padding: [0, 1] }, 1, 0)], [0, 7, 8]);
});

test("nothing is read in the holes of a dilated kernel", () => {
  assert.deepEqual([...patchOf(INPUT, { ...SQUARE, size: [3, 3], dilation: [2, 2] }, 0, 0)], [1, 0, 3, 0, 0, 0, 7, 0, 9]);
});

test("contributions are added up in reading order", () => {
  const delta = { width: 2, height: 2, data: Float32Array.of(1, 0, 0, -1) };

  assert.deepEqual([...sumContributions(INPUT, delta, SQUARE, 0)], [0, 0, 0, 0]);
  assert.deepEqual([...sumContributions(INPUT, delta, SQUARE, 3)], [1, 2, 4, 5]);
  assert.deepEqual([...sumContributions(INPUT, delta, SQUARE)], [1 - 5, 2 - 6, 4 - 8, 5 - 9]);
});

test("separate contributions are at the positions of their neurons", () => {
  const delta = { width: 2, height: 1, data: Float32Array.of(2, -1) };

  assert.deepEqual(separateContributions(INPUT, delta, SQUARE), { width: 4, height: 2, data: Float32Array.of(2, 4, -2, -3, 8, 10, -5, -6) });
});

test("the largest value may be negative", () => {
  assert.equal(indexOfLargest([1, -3, 2]), 1);
});
