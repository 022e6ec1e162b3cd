// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { describeDifference, describeReaders, neuronAt, orderedParts, planeOfMap } from "../../../../static/js/experiments/backward-pass/parts.js";

/** @param {number[]} shape  @param {number[]} data */
const tensor = (shape, data) => ({ shape, data: Float32Array.from(data) });

const BOX = { top: 3, left: 5, height: 1, width: 2 };

/** @param {object} readers  @param {object} [rest]  @returns {any} */
const response = (readers, rest = {}) => ({ label: 3, neuron: { filter: 3, row: 0, column: 0, value: 1, delta: -0.5 }, readers: { layer: "conv2", first_filter: 4, box: BOX, ...readers }, ...rest });

test("the largest parts come first, with the positions of their neurons, and the rest is added up", () => {
  const tensors = { slopes: tensor([2, 1, 2], [1, 2, 3, 4]), deltas: tensor([2, 1, 2], [1, -1, 0.5, 0.25]), parts: tensor([2, 1, 2], [1, -2, 1.5, 1]) };

  const { strongest, others, rest, sum } = orderedParts({ layer: "", operation: "weighted_sum", first_filter: 4, box: BOX }, tensors, 2);

  assert.deepEqual(strongest, [
    { filter: 4, row: 3, column: 6, slope: 2, delta: -1, part: -2 },
    { filter: 5, row: 3, column: 5, slope: 3, delta: 0.5, part: 1.5 },
  ]);
  assert.deepEqual([others, rest, sum], [2, 2, 1.5]);
});

test("each kind of layer is described", () => {
  const words = (/** @type {string} */ operation, /** @type {number[]} */ shape, slope = 1) => describeReaders(response({ operation }), shape, slope);
  assert.match(words("weighted_sum", [32, 3, 3]), /^32 filters of conv2 read this value at 3×3 positions\..*flipped/);
  assert.match(words("weighted_sum", [10, 1, 1]), /^10 neurons of conv2 read this value/);
  assert.match(words("maximum", [1, 1, 1]), /^1 window of conv2 holds this value/);
  assert.match(words("mean", [1, 1, 1], 0.25), /averages this value with others: each passes back its δ times 0\.25/);
  assert.match(words("rectifier", [1, 1, 1], 1), /open/);
  assert.match(words("rectifier", [1, 1, 1], 0), /closed/);
  assert.match(words("loss", [2, 1, 1]), /minus 1 since it is the correct class/);
  assert.equal(words("maximum", [1, 0, 1]), "No neuron of the next layer reads this value, so its δ is 0.");
});

test("a finite difference agrees, is within rounding or lies at a kink", () => {
  const check = { step: 0.5, loss_below: 1, loss_above: 0.5, finite_difference: -0.5001, kinks: 0, resolution: 1e-9 };
  const words = (/** @type {object} */ changed) => describeDifference(response({}, { check: { ...check, ...changed } }));
  assert.match(words({}), /^The value is changed by ±0\.5\. Finite difference −0\.5001; δ −0\.5: relative difference 0\.0002\.$/);
  assert.match(words({ resolution: 0.001 }), /within rounding\.$/);
  assert.match(words({ resolution: 1 }), /choose another correct class/);
  assert.match(words({ kinks: 1 }), /1 ReLU gate or pooling winner changes/);
  assert.match(words({ kinks: 2 }), /2 ReLU gates or pooling winners change/);
});

test("maps of one neuron share a grid", () => {
  const deltas = tensor([5, 1, 1], [1, 2, 3, 4, 5]);
  const { plane, isGrid } = planeOfMap(deltas, 2);
  assert.deepEqual([isGrid, plane.width, plane.height, [...plane.data]], [true, 3, 2, [1, 2, 3, 4, 5, 0]]);
  assert.deepEqual(neuronAt(deltas, 2, { row: 1, column: 1 }), { filter: 4, row: 0, column: 0 });
  assert.deepEqual(neuronAt(deltas, 2, { row: 1, column: 2 }), { filter: 4, row: 0, column: 0 });
  const map = planeOfMap(tensor([2, 1, 2], [1, 2, 3, 4]), 1);
  assert.deepEqual([map.isGrid, [...map.plane.data]], [false, [3, 4]]);
});
