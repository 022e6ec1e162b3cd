// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { middleBox, patchOf } from "../../../../static/js/experiments/feature-visualization/patch.js";

const DIGIT = { width: 3, height: 2, data: Float32Array.of(1, 2, 3, 4, 5, 6) };

test("a patch inside is cut out", () => {
  assert.deepEqual(patchOf(DIGIT, { top: 0, left: 1, height: 2, width: 2 }), { width: 2, height: 2, data: Float32Array.of(2, 3, 5, 6) });
});

test("beyond the border a patch is zero", () => {
  assert.deepEqual(patchOf(DIGIT, { top: -1, left: 2, height: 2, width: 2 }).data, Float32Array.of(0, 0, 3, 0));
  assert.deepEqual(patchOf(DIGIT, { top: 1, left: -1, height: 2, width: 2 }).data, Float32Array.of(0, 4, 0, 0));
});

test("the middle neuron's receptive field follows jump and start of each axis", () => {
  assert.deepEqual(middleBox({ size: [14, 10], jump: [2, 1], start: [-2, -1] }, [11, 7]), { top: 8, left: 2, height: 14, width: 10 });
});
