// @ts-check
/** @import { Tuning, TuningGroup } from "../../../../static/js/types.js" */
import assert from "node:assert/strict";
import test from "node:test";

import { chooseFilters, countVerdicts, kernelPlanes } from "../../../../static/js/experiments/orientation-tuning/summary.js";

/** @param {number} filter  @param {number} largest  @returns {Tuning} */
function tuning(filter, largest) {
  return { filter, activations: [0, largest], preferred: largest ? 45 : null, selectivity: 0.5, verdict: largest ? "selective" : "inactive" };
}

/** @type {TuningGroup} */
const GROUP = { id: "trained", label: "Trained", noun: "filters", model: "net", checkpoint: null, rectifier: "relu1", kernels: "conv1", is_shared: true, largest: 2 };

test("up to sixteen filters are shown in their order", () => {
  const filters = Array.from({ length: 16 }, (_, i) => tuning(i, i));

  assert.deepEqual(chooseFilters(filters), filters.map(({ filter }) => filter));
});

test("of more, those with the largest activations are shown, the largest first", () => {
  const filters = Array.from({ length: 20 }, (_, i) => tuning(i, i));

  assert.deepEqual(chooseFilters(filters), [19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4]);
});

test("verdicts are counted", () => {
  assert.deepEqual(countVerdicts([tuning(0, 1), tuning(1, 0), { ...tuning(2, 1), verdict: "not selective" }, tuning(3, 2)]), { selective: 2, notSelective: 1, inactive: 1 });
});

test("a kernel of several channels is their sum", () => {
  // Filter 1 of two, with two channels of 1×2.
  const kernels = { shape: [2, 2, 1, 2], data: Float32Array.of(1, 2, 3, 4, 10, 20, 30, 40) };

  const [plane] = kernelPlanes(kernels, GROUP, [1]);

  assert.deepEqual(plane, { width: 2, height: 1, data: Float32Array.of(40, 60) });
});

test("of unshared kernels the one in the middle is shown", () => {
  // One filter, 3×1 positions, one channel of 1×1.
  const kernels = { shape: [1, 3, 1, 1, 1, 1], data: Float32Array.of(1, 2, 3) };

  const [plane] = kernelPlanes(kernels, { ...GROUP, is_shared: false }, [0]);

  assert.deepEqual(plane.data, Float32Array.of(2));
});
