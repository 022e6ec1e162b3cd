// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import {
  describeAccuracy, describeChange, describeDigits, describeRanking, formatChange, formatLevel, leastAccurate,
} from "../../../../static/js/experiments/robustness/sentences.js";

/** @param {string} id */
const nameOf = (id) => id.toUpperCase();

/** @type {any} */
const CURVE = {
  kind: "noise",
  unit: "",
  unchanged: 0,
  levels: [0, 0.1, 0.2, 0.3],
  models: [
    { id: "a", digits: 1000, measured: true, accuracy: [0.5, 0.9, 0.7, 0.3] },
    { id: "b", digits: 150, measured: false, accuracy: [0.9, 0.8, 0.8, 0.4] },
  ],
};

test("levels are written with their unit", () => {
  const written = /** @type {const} */ ([["rotate", -30], ["scale", 0.5], ["shift", 2.5], ["contrast", 0.98], ["occlude", 6], ["fgsm", 0.1]]);
  assert.deepEqual(written.map(([kind, level]) => formatLevel(kind, level)), ["−30°", "× 0.50", "2.5 px", "−98%", "6×6 px", "ε 0.10"]);
});

test("accuracies are those of the nearest level that was measured", () => {
  assert.equal(describeAccuracy(CURVE, 0.22, nameOf), "Classified correctly at σ 0.20: A 70.0%, B 80.0%.");
});

test("the ranking leaves out the level that changes nothing", () => {
  assert.equal(describeRanking(CURVE, nameOf), "A is the least accurate at 2 of 3 levels; B is the most accurate at 2 of 3 levels.");
  assert.equal(leastAccurate(CURVE), "a");
  assert.equal(describeRanking({ ...CURVE, models: CURVE.models.slice(0, 1) }, nameOf), "");
});

test("digits that were measured and digits that are computed are named apart", () => {
  assert.equal(describeDigits(CURVE.models, nameOf), "1,000 test digits, measured beforehand. B: 150 test digits, computed now.");
});

test("a prediction stays, changes or has nothing to be of", () => {
  const five = { digit: 5, probability: 0.75 };
  assert.equal(describeChange(five, { digit: 5, probability: 0.5 }), "Still 5. Before: 5 (75.0%).");
  assert.equal(describeChange(five, { digit: 3, probability: 0.5 }), "Fooled: it was 5 (75.0%).");
  assert.equal(describeChange(five, null), "No ink is left. Before: 5 (75.0%).");
  assert.equal(describeChange(null, five), "The pad is blank: there is no prediction to change.");
});

test("small changes keep a decimal", () => {
  assert.deepEqual([null, 0, 0.004, 0.25, 1.5].map(formatChange), ["–", "0%", "0.4%", "25%", "150%"]);
});
