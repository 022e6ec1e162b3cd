// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { createKnownValues } from "../../../static/js/lens/known-values.js";
import { sourcesFrom, stepShown } from "../../../static/js/lens/sources.js";

/** @type {import("../../../static/js/types.js").Digit} */
const digit = { kind: "sample", index: 0 };
/** @type {import("../../../static/js/types.js").Digit} */
const other = { kind: "sample", index: 1 };
/** @param {number[]} shape  @param {number[]} data */
const tensor = (shape, data) => ({ shape, data: Float32Array.from(data) });
const weights = { kernels: tensor([1], [1]), biases: tensor([1], [0]) };

test("maps of another digit or another step replace those that are known", () => {
  const known = createKnownValues();
  known.keepMaps({ digit, step: null, layer: "conv1" }, { conv1: tensor([1], [1]) });
  known.keepMaps({ digit, step: null, layer: "conv2" }, { conv2: tensor([1], [2]) });
  assert.ok(known.hasMaps({ digit, step: null, layer: "conv1" }));

  known.keepMaps({ digit, step: 625, layer: "conv2" }, { conv2: tensor([1], [3]) });
  assert.equal(known.mapsFor("conv1"), null);
  assert.equal(known.step(), 625);
  assert.equal(known.hasMaps({ digit, step: null, layer: "conv2" }), false);

  known.keepMaps({ digit: other, step: 625, layer: "conv1" }, {});
  assert.equal(known.mapsFor("conv2"), null);
});

test("weights of the twelve layers and steps used last are kept", () => {
  const known = createKnownValues();
  for (let step = 0; step < 12; step += 1) known.keepWeights("conv1", step, weights);
  known.keepWeights("conv1", 0, weights); // used again
  known.keepWeights("conv1", null, weights);
  assert.equal(known.weightsAt("conv1", 0), weights);
  assert.equal(known.weightsAt("conv1", null), weights);
  assert.equal(known.weightsAt("conv1", 1), null);
});

/** @param {object} fields */
const layer = (fields) => /** @type {import("../../../static/js/types.js").LayerDescription} */ (fields);

test("the first layer of a network that reads colors gets the digit in each channel", () => {
  const section = { layer: layer({ name: "conv1", input_shape: [3, 1, 2] }), after: null };
  const tensors = { input: tensor([1, 2], [0.5, 1]), conv1: tensor([1, 1, 1], [7]) };

  const { reads, own } = sourcesFrom(section, undefined, tensors, weights);

  assert.deepEqual([reads.shape, [...reads.data]], [[3, 1, 2], [0.5, 1, 0.5, 1, 0.5, 1]]);
  assert.equal(own, tensors.conv1);
  // The same array for the same digit: what is computed from it need not be computed again.
  assert.equal(sourcesFrom(section, undefined, tensors, weights).reads.data, reads.data);
});

test("a later layer reads the maps of the layer before, and softmax comes with its probabilities", () => {
  const section = { layer: layer({ name: "linear" }), after: layer({ name: "softmax", kind: "softmax" }) };
  const tensors = { relu1: tensor([1, 1, 1], [2]), linear: tensor([2, 1, 1], [1, 3]), probabilities: tensor([2], [0.1, 0.9]) };

  const { reads, after } = sourcesFrom(section, layer({ name: "relu1" }), tensors, null);

  assert.equal(reads, tensors.relu1);
  assert.deepEqual(after?.kind === "softmax" && after.tensor.shape, [2, 1, 1]);
});

test("while A of a comparison is shown, the pinned step's values are wanted", () => {
  assert.equal(stepShown(null), null);
  assert.equal(stepShown({ step: 9, pinned: 3, shown: "difference" }), 9);
  assert.equal(stepShown({ step: 9, pinned: 3, shown: "held" }), 3);
});
