// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { writeOut } from "../../../static/js/lens/write-out.js";

/** @param {number[]} shape  @param {number[]} data */
const tensor = (shape, data) => ({ shape, data: Float32Array.from(data) });
/** @param {object} fields */
const layer = (fields) => /** @type {import("../../../static/js/types.js").LayerDescription} */ (fields);

test("of equal values max pooling takes the leftmost, and of those the topmost", () => {
  const pool = layer({ name: "pool1", operation: "maximum" });
  /** @param {number[]} values */
  const winnerOf = (values) => {
    const sources = { reads: tensor([1, 2, 2], values), own: null, after: null, weights: null };
    return writeOut(pool, sources, { filter: 0, row: 0, column: 0 }, { top: 0, left: 0, height: 2, width: 2 }).winner;
  };

  assert.equal(winnerOf([1, 5, 5, 2]), 2); // top right and bottom left
  assert.equal(winnerOf([5, 1, 5, 2]), 0); // top left and bottom left
  assert.equal(winnerOf([0, 0, 0, 0]), 0);
  assert.equal(winnerOf([1, 2, 3, 4]), 3);
});

test("the ReLU after a pooling layer is written out", () => {
  const pool = layer({ name: "pool1", operation: "maximum" });
  const sources = { reads: tensor([1, 1, 2], [-3, -2]), own: tensor([1, 1, 1], [-2]), after: /** @type {const} */ ({ kind: "function", title: "ReLU", tensor: null }), weights: null };

  const { computed, after } = writeOut(pool, sources, { filter: 0, row: 0, column: 0 }, { top: 0, left: 0, height: 1, width: 2 });

  assert.equal(computed, -2);
  assert.deepEqual(after, { kind: "function", title: "ReLU", computed: 0, stored: 0 });
});

test("of another function the network's own value is shown", () => {
  const pool = layer({ name: "pool1", operation: "maximum" });
  const after = /** @type {const} */ ({ kind: "function", title: "ELU(1)", tensor: tensor([1, 1, 1], [-0.875]) });
  const sources = { reads: tensor([1, 1, 2], [-3, -2]), own: tensor([1, 1, 1], [-2]), after, weights: null };

  const written = writeOut(pool, sources, { filter: 0, row: 0, column: 0 }, { top: 0, left: 0, height: 1, width: 2 });

  assert.deepEqual(written.after, { kind: "function", title: "ELU(1)", computed: -0.875, stored: -0.875 });
});

test("padding is neither the largest value nor counted in a mean", () => {
  const reads = tensor([1, 2, 2], [-1, -2, -3, -4]);
  const sources = { reads, own: null, after: null, weights: null };
  const atCorner = { top: -1, left: -1, height: 3, width: 3 };
  const [neuron, right] = [{ filter: 0, row: 0, column: 0 }, { top: 0, left: 1, height: 2, width: 2 }];

  const largest = writeOut(layer({ name: "pool1", operation: "maximum" }), sources, neuron, atCorner);
  const mean = writeOut(layer({ name: "pool1", operation: "mean" }), sources, neuron, right);

  assert.equal(largest.computed, -1);
  assert.equal(largest.winner, 4);
  assert.equal(mean.computed, -3);
});

test("a filter of a convolution in groups reads the maps of its group", () => {
  const grouped = layer({
    name: "conv1", operation: "weighted_sum", groups: 2, input_shape: [4, 1, 1], output_shape: [6, 1, 1], stride: [1, 1], padding: [0, 0],
  });
  const reads = tensor([4, 1, 1], [1, 10, 100, 1000]);
  const weights = { kernels: tensor([6, 2, 1, 1], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]), biases: tensor([6], [0, 0, 0, 0.5, 0, 0]) };

  const { firstChannel, channels, computed } = writeOut(
    grouped, { reads, own: null, after: null, weights }, { filter: 3, row: 0, column: 0 }, { top: 0, left: 0, height: 1, width: 1 },
  );

  assert.deepEqual([firstChannel, channels], [2, 2]);
  assert.equal(computed, 100 * 7 + 1000 * 8 + 0.5);
});

// Two channels of 1×2, kernels of 1×1: each of the two positions has its own kernel and bias.
const local = layer({
  name: "local1", operation: "weighted_sum", groups: 1, input_shape: [2, 1, 2], output_shape: [2, 1, 2], stride: [1, 1], padding: [0, 0],
});
const reads = tensor([2, 1, 2], [1, 2, 10, 20]);
const kernels = tensor([2, 1, 2, 2, 1, 1], [1, 2, 3, 4, 5, 6, 7, 8]);
const biases = tensor([2, 1, 2], [0.5, 1.5, 2.5, 3.5]);

test("a neuron with unshared weights is written out from the kernel and bias of its own position", () => {
  const sources = { reads, own: null, after: null, weights: { kernels, biases } };

  const { kernel, bias, computed } = writeOut(local, sources, { filter: 1, row: 0, column: 1 }, { top: 0, left: 1, height: 1, width: 1 });

  assert.deepEqual([...(kernel ?? [])], [7, 8]);
  assert.equal(bias, 3.5);
  assert.equal(computed, 2 * 7 + 20 * 8 + 3.5);
});
