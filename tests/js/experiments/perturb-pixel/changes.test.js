// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import {
  darkestPixel, describeChanges, describeShare, gridOf, largestChanges, perturbedInput, summarize, visibleChanges,
} from "../../../../static/js/experiments/perturb-pixel/changes.js";
import { percent } from "../../../../static/js/network/prediction-bars.js";

/** @param {Partial<import("../../../../static/js/types.js").LayerChange>} change */
function layer(change) {
  return /** @type {import("../../../../static/js/types.js").LayerChange} */ ({
    name: "conv1", kind: "conv2d", shape: [2, 3, 3], neurons: 18, reachable: 8, changed: 8, changed_per_filter: [4, 4], largest: 1, ...change,
  });
}

test("maps keep their own grid, and 500 neurons without a position fill one of 25 by 20", () => {
  assert.deepEqual(gridOf([16, 28, 24]), { width: 24, height: 28 });
  assert.deepEqual(gridOf([500, 1, 1]), { width: 25, height: 20 });
  assert.deepEqual(gridOf([10, 1, 1]), { width: 5, height: 2 });
});

test("of several maps, the largest change at each position is shown", () => {
  const { data, width, height } = largestChanges({ shape: [2, 1, 3], data: Float32Array.of(0, 2, 1, 3, 0, 1) });

  assert.deepEqual([...data], [3, 2, 1]);
  assert.deepEqual([width, height], [3, 1]);
});

test("single neurons keep their order, and cells without a neuron are 0", () => {
  const { data, width } = largestChanges({ shape: [3, 1, 1], data: Float32Array.of(1, 2, 3) });

  assert.equal(width, 2);
  assert.deepEqual([...data], [1, 2, 3, 0]);
});

test("the smallest change is visible, and no change is exactly 0", () => {
  const { data } = visibleChanges({ width: 3, height: 1, data: Float32Array.of(0, 1e-6, 5) }, 10);

  assert.equal(data[0], 0);
  assert.ok(data[1] > 1);
  assert.equal(data[2], 5);
});

test("the darkest pixel is the first choice, and on a blank pad the middle", () => {
  assert.deepEqual(darkestPixel({ width: 3, height: 2, data: Float32Array.of(0, 0, 0, 0, 0, 0.5) }), { row: 1, column: 2 });
  assert.deepEqual(darkestPixel({ width: 4, height: 4, data: new Float32Array(16) }), { row: 2, column: 2 });
});

test("only the changed pixel differs in the perturbed input", () => {
  const input = { shape: [2, 2], data: Float32Array.of(0, 0, 0, 1) };

  const { data } = perturbedInput(input, { row: 0, column: 1, before: 0, after: 1 });

  assert.deepEqual([...data], [0, 1, 0, 1]);
  assert.deepEqual([...input.data], [0, 0, 0, 1]);
});

test("a layer's changes are described by how they are distributed", () => {
  assert.equal(describeShare(layer({})), "4 in each of 2");
  assert.equal(describeShare(layer({ changed: 5, changed_per_filter: [4, 1] })), "of 8 that see it");
  assert.equal(describeShare(layer({ changed: 18, reachable: 18 })), "every neuron");
});

test("the summary counts neurons of a map, or of the whole layer, and tells the prediction", () => {
  const model = (/** @type {object} */ first) => /** @type {any} */ ({
    id: "a", before: { digit: 3, probability: 0.9 }, after: { digit: 5, probability: 0.8 },
    layers: [layer(first), layer({ name: "relu1", changed: 6 })],
  });

  assert.equal(summarize(model({})).join(""), `4 of 9 neurons changed in each of 2 maps of conv1: 8, after the ReLU 6. Predicts 5 (${percent(0.8)}), before 3 (${percent(0.9)}).`);
  assert.equal(summarize(model({ name: "linear1", shape: [8, 1, 1], neurons: 8 })).join("").split(",")[0], "8 of 8 neurons of linear1 changed");
});

test("screen readers are told each model by its name", () => {
  const told = describeChanges(/** @type {any} */ ({
    pixel: { row: 1, column: 2, before: 0, after: 1 }, models: [{ id: "a", layers: [layer({})] }],
  }), () => "Convolutional");

  assert.equal(told, "Row 1, column 2, from 0 to 1. Changed neurons: Convolutional: 8 of 18 in conv1.");
});
