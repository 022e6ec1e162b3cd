// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { describeNeighbors, describeVariance } from "../../../../static/js/experiments/layer-maps/sentences.js";

/** @param {number[]} labels */
const near = (...labels) => labels.map((label, index) => ({ index, label, distance: 1 }));

test("the commonest class of the neighbors is named, and what the network predicts", () => {
  assert.equal(
    describeNeighbors("relu2", near(4, 9, 4, 4), { digit: 9, probability: 0.75 }),
    "In relu2, 3 of the 4 nearest digits are 4s. The network predicts 9 (75.0%).",
  );
  assert.equal(
    describeNeighbors("input", near(1, 1), null),
    "In the pixels, all 2 nearest digits are 1s. The pad is blank, so there is no prediction.",
  );
});

test("the shares of the variance are added up", () => {
  const map = { indexes: Array.from({ length: 2000 }, (_, i) => i), labels: [], points: new Float32Array(), variance: [0.25, 0.125, 0.0625] };

  assert.equal(
    describeVariance(map),
    "2,000 test digits. The two axes show 37.5% of the variance of the activations, the 3 components in which distances are measured 43.8%.",
  );
});
