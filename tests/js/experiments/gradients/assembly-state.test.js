// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { addUp, chooseFilter, gradientsOf, moveNeuron, moveWeight, OPENING, withGradients } from "../../../../static/js/experiments/gradients/assembly-state.js";

/** Of two channels: zeros, then ones. */
const READS = { maps: { shape: [2, 3, 2], data: Float32Array.of(0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1) }, range: null };
/** @type {import("../../../../static/js/experiments/gradients/contributions.js").KernelWindow} */
const WINDOW = { size: [1, 2], stride: [1, 1], padding: [0, 0], dilation: [1, 1] };

/** Two maps of 3×1 neurons, of a layer that reads two channels. @param {number[]} deltas */
function gradients(...deltas) {
  const weight = { shape: [2, 2, 1, 2], data: Float32Array.of(1, 2, 1, 2, 3, 4, 3, 4) };
  return gradientsOf(READS, { shape: [2, 3, 1], data: Float32Array.from(deltas) }, weight, WINDOW);
}

test("kernels are those of the first channel", () => {
  assert.deepEqual(gradients(0, 0, 0, 0, 0, 0).kernels.map((kernel) => [...kernel]), [[1, 2], [3, 4]]);
});

test("each kernel reads the maps of its own group", () => {
  const zeros = { shape: [2, 3, 1], data: new Float32Array(6) };
  const together = gradientsOf(READS, zeros, { shape: [2, 2, 1, 2], data: new Float32Array(8) }, WINDOW);
  const depthwise = gradientsOf(READS, zeros, { shape: [2, 1, 1, 2], data: new Float32Array(4) }, WINDOW);

  assert.deepEqual(together.inputs.map(({ data }) => data[0]), [0, 0]);
  assert.deepEqual(depthwise.inputs.map(({ data }) => data[0]), [0, 1]);
});

test("the map with the largest δ is shown, whole, with its strongest neuron", () => {
  assert.deepEqual(withGradients(OPENING, gradients(1, 2, 1, 0, 0, -3)), { ...OPENING, filter: 1, neuron: 2, added: 3 });
});

test("a map that the visitor chose stays with another digit", () => {
  const chosen = chooseFilter(OPENING, gradients(1, 2, 1, 0, 0, -3), 0);

  assert.deepEqual([chosen.filter, chosen.neuron], [0, 1]);
  assert.equal(withGradients(chosen, gradients(4, 0, 0, 0, 0, 9)).filter, 0);
});

test("the last neuron that was added up is shown", () => {
  const shown = gradients(1, 2, 1, 0, 0, 0);

  assert.deepEqual([0, 1.7, 3, Infinity].map((count) => addUp(OPENING, shown, count)).map(({ added, neuron }) => [added, neuron]), [[0, 0], [1, 0], [3, 2], [3, 2]]);
});

test("neurons and weights are chosen within map and kernel", () => {
  const shown = gradients(1, 2, 1, 0, 0, 0);

  assert.equal(moveNeuron({ ...OPENING, neuron: 2 }, shown, [1, 0]).neuron, 2);
  assert.equal(moveNeuron({ ...OPENING, neuron: 2 }, shown, [-1, 0]).neuron, 1);
  assert.deepEqual(moveWeight(OPENING, shown, [1, 1]).weight, [0, 1]);
});
