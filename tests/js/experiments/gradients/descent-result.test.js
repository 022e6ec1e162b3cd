// @ts-check
/** @import { GradientDescent } from "../../../../static/js/types.js" */
import assert from "node:assert/strict";
import test from "node:test";

import { chooseFilters, describeDescent, kernelPhases, mapPhases } from "../../../../static/js/experiments/gradients/descent-result.js";

/** @type {GradientDescent} */
const DESCENT = {
  label: 2, learning_rate: 0.05, steps_taken: 1, diverged: false, layer: "first", maps_layer: "relu", losses: [5.3, 0.2],
  predictions: [{ digit: 7, probability: 0.95 }, { digit: 2, probability: 0.82 }],
};

test("loss and prediction are described before and after", () => {
  assert.equal(describeDescent(DESCENT), "1 step at learning rate 0.05: loss 5.3 → 0.2 nats, prediction 7 (95.0%) → 2 (82.0%).");
});

test("a blank digit has no prediction", () => {
  assert.equal(describeDescent({ ...DESCENT, predictions: [null, null], steps_taken: 2 }), "2 steps at learning rate 0.05: loss 5.3 → 0.2 nats.");
});

test("a learning rate that is too large is named", () => {
  assert.match(describeDescent({ ...DESCENT, losses: [1, 2] }), /\. The loss rose: the learning rate is too large\.$/);
  assert.match(describeDescent({ ...DESCENT, diverged: true }), /\. The next step would make numbers infinite: the learning rate is too large\.$/);
});

test("kernels are those of the first channel", () => {
  // Before and after, one filter, two channels of 1×1.
  const { before, after, difference } = kernelPhases({ shape: [2, 1, 2, 1, 1], data: Float32Array.of(1, 9, 4, 9) });

  assert.deepEqual([before, after, difference].map(([{ data }]) => [...data]), [[1], [4], [3]]);
});

test("of unshared kernels those of the middle position are shown", () => {
  // Before and after, one filter, 3×1 positions, one channel of 1×1.
  const { before, after } = kernelPhases({ shape: [2, 1, 3, 1, 1, 1, 1], data: Float32Array.of(1, 2, 3, 4, 5, 6) });

  assert.deepEqual([before, after].map(([{ data }]) => [...data]), [[2], [5]]);
});

test("of many filters those that change most are shown", () => {
  const before = Array.from({ length: 20 }, () => 0);
  const after = before.map((_, filter) => (filter % 5 === 4 ? 0 : filter + 1));

  const filters = chooseFilters(kernelPhases({ shape: [2, 20, 1, 1, 1], data: Float32Array.from([...before, ...after]) }));

  assert.deepEqual(filters, [0, 1, 2, 3, 5, 6, 7, 8, 10, 11, 12, 13, 15, 16, 17, 18]);
});

test("maps are split into before and after", () => {
  const { difference } = mapPhases({ shape: [2, 2, 1, 1], data: Float32Array.of(1, 2, 5, 9) });

  assert.deepEqual(difference.map(({ data }) => [...data]), [[4], [7]]);
});
