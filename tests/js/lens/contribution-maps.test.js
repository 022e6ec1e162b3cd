// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { contributionMaps, strongestFirst } from "../../../static/js/lens/contribution-maps.js";

/** @param {number[]} shape  @param {number[]} data */
const tensor = (shape, data) => ({ shape, data: Float32Array.from(data) });
/** @param {object} fields */
const layer = (fields) => /** @type {import("../../../static/js/types.js").LayerDescription} */ (fields);

const local = layer({
  name: "local1", operation: "weighted_sum", groups: 1, input_shape: [2, 1, 2], output_shape: [2, 1, 2], stride: [1, 1], padding: [0, 0],
});
const reads = tensor([2, 1, 2], [1, 2, 10, 20]);
const kernels = tensor([2, 1, 2, 2, 1, 1], [1, 2, 3, 4, 5, 6, 7, 8]);

test("what each input channel adds, with unshared weights", () => {
  const { shape, data } = contributionMaps(local, reads, kernels, 1);

  assert.deepEqual(shape, [2, 1, 2]);
  assert.deepEqual([...data], [1 * 5, 2 * 7, 10 * 6, 20 * 8]);
});

test("what each input channel adds, with shared weights, a stride and padding", () => {
  const conv = layer({
    name: "conv1", operation: "weighted_sum", groups: 1, input_shape: [1, 1, 3], output_shape: [1, 1, 2], stride: [1, 2], padding: [0, 1],
  });

  const { data } = contributionMaps(conv, tensor([1, 1, 3], [1, 2, 3]), tensor([1, 1, 1, 3], [10, 100, 1000]), 0);

  assert.deepEqual([...data], [1 * 100 + 2 * 1000, 2 * 10 + 3 * 100]);
});

test("the strongest contributions come first, whatever their sign", () => {
  assert.deepEqual(strongestFirst([0.1, -3, 0, 2, -0.1]), [1, 3, 0, 4, 2]);
});
