// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { commonestErrors, decidingMaps, describeCalibration, describeBin, describeErrors, shadeOf } from "../../../../static/js/experiments/errors/figures.js";

/** @param {[number, number, number][]} cells  Label, prediction, digits. */
function matrixOf(...cells) {
  /** @type {number[][]} */
  const matrix = Array.from({ length: 10 }, (_, label) => Array.from({ length: 10 }, (_, predicted) => (label === predicted ? 10 : 0)));
  for (const [label, predicted, digits] of cells) matrix[label][predicted] = digits;
  return matrix;
}

const BIN = { low: 0.9, high: 1, digits: 8, correct: 6, mean_probability: 0.95, accuracy: 0.75 };
const CONFUSION = { digits: 107, errors: 7, class_counts: [], matrix: matrixOf([4, 9, 5], [9, 4, 2]), calibration: [BIN], expected_calibration_error: 0.2 };

test("the commonest errors come first, and what is right is none", () => {
  assert.deepEqual(commonestErrors(CONFUSION.matrix, 5), [{ label: 4, predicted: 9, digits: 5 }, { label: 9, predicted: 4, digits: 2 }]);
});

test("errors are counted in words", () => {
  assert.equal(describeErrors(CONFUSION), "107 test digits, 7 errors (93.46% classified correctly). Most often, a 4 is predicted as 9: 5 times.");
  assert.equal(describeErrors({ ...CONFUSION, digits: 100, errors: 0, matrix: matrixOf() }), "100 test digits, 0 errors (100.00% classified correctly).");
  assert.match(describeErrors({ ...CONFUSION, matrix: matrixOf([1, 7, 1]) }), /No error happens twice\.$/);
});

test("one error in ten thousand can still be seen", () => {
  assert.equal(shadeOf(0, 1000), 0);
  assert.equal(shadeOf(1000, 1000), 1);
  assert.ok(Math.abs(shadeOf(1, 10_000) - 0.1) < 1e-9);
});

test("calibration says what is said and what is right", () => {
  assert.equal(
    describeCalibration(CONFUSION),
    "Of 8 predictions with a probability of 90% or more, 6 are correct: 75.0%, where their mean probability is 95.0%. Over all 107 digits, accuracy and probability differ by 20.00% on average.",
  );
  assert.equal(describeBin(BIN), "90–100%: 8 digits, 75.0% correct, mean probability 95.0%");
  assert.equal(describeBin({ ...BIN, digits: 0, accuracy: null, mean_probability: null }), "90–100%: no digits");
});

test("maps in which two digits differ most come first", () => {
  assert.deepEqual(decidingMaps([1, 5, -2], [1, 4, 3], 2), [{ filter: 2, misread: -2, other: 3 }, { filter: 1, misread: 5, other: 4 }]);
});
