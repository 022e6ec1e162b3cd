// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { comparedModels, describeLosses, describeTraining, permuted, points, share } from "../../../../static/js/experiments/pixel-permutation/accuracy.js";

/** @param {string} id  @param {number} plain  @param {number} onPermuted  @param {number} deviation */
function model(id, plain, onPermuted, deviation) {
  return { id, name: id.toUpperCase(), plain: { accuracy: [plain], mean: plain, deviation }, permuted: { accuracy: [onPermuted], mean: onPermuted, deviation } };
}

test("the pixels are those that the permutation names", () => {
  const { data } = permuted({ width: 3, height: 1, data: Float32Array.of(0.5, 0, 1) }, [2, 0, 1]);

  assert.deepEqual([...data], [1, 0.5, 0]);
});

test("only compared networks are shown, in the order and by the names of the comparison", () => {
  const record = /** @type {any} */ ({ models: [model("a", 1, 1, 0), model("b", 1, 1, 0), model("c", 1, 1, 0)] });

  const models = comparedModels(record, [{ id: "c", name: "Third" }, { id: "a", name: "First" }, { id: "x", name: "None" }]);

  assert.deepEqual(models.map(({ id, name }) => [id, name]), [["c", "Third"], ["a", "First"]]);
});

test("the smallest and the largest loss are compared, in points", () => {
  const told = describeLosses([model("a", 0.99, 0.96, 0.001), model("b", 0.98, 0.979, 0.001), model("c", 0.98, 0.97, 0.001)]);

  assert.equal(told, "B: loses 0.10 points, about as much as from seed to seed. A: loses 3.00 points, 30 times as much.");
});

test("a loss beyond the variation between seeds is not said to be within it", () => {
  assert.match(describeLosses([model("a", 0.99, 0.98, 0.001), model("b", 0.9, 0.8, 0)]), /^A: loses 1\.00 points\. B/);
});

test("a gain has a minus sign, and shares have no space", () => {
  assert.equal(points(model("a", 0.9, 0.91, 0)), "−1.00 points");
  assert.equal(share(0.98765), "98.77%");
});

test("the text names the numbers of the measurement", () => {
  const told = describeTraining(/** @type {any} */ ({ seeds: [1, 2], epochs: 3, training_digits: 55000, validation_digits: 5000 }));

  assert.match(told, /2 times on plain and 2 times on permuted digits, 55,000 of them, for 3 epochs/);
  assert.match(told, /5,000 other digits/);
});
