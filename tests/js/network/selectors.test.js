import assert from "node:assert/strict";
import { test } from "node:test";
import { boostFactor, layersToRequest, neededRequest } from "../../../static/js/network/selectors.js";

/** @import { Digit } from "../../../static/js/types.js" */
/** @import { Section } from "../../../static/js/network/selectors.js" */

const SECTIONS = /** @type {Section[]} */ (/** @type {unknown} */ ([
  { layer: { name: "conv1" }, after: { name: "relu1", kind: "relu", function: "ReLU" } },
  { layer: { name: "pool1" }, after: null },
  { layer: { name: "conv2" }, after: { name: "relu2", kind: "relu", function: "ReLU" } },
]));
const THREE = /** @type {Digit} */ ({ kind: "sample", index: 3 });
const STATE = { digit: THREE, response: null, rectified: true, training: null };

test("the layers on the screen or near it are requested, after ReLU or before", () => {
  assert.deepEqual(layersToRequest(SECTIONS, true, null), ["relu1", "pool1", "relu2"]);
  assert.deepEqual(layersToRequest(SECTIONS, true, new Set(["pool1", "conv2"])), ["pool1", "relu2"]);
  assert.deepEqual(layersToRequest(SECTIONS, false, new Set(["conv2"])), ["conv2"]);
});

test("layers that were requested for the same digit are not requested again", () => {
  const near = new Set(["pool1"]);
  const first = neededRequest(SECTIONS, STATE, near, null);

  assert.deepEqual(first, { digit: THREE, layers: ["pool1"], training: null });
  assert.equal(neededRequest(SECTIONS, STATE, near, first), null);
  assert.deepEqual(neededRequest(SECTIONS, STATE, new Set(["conv1"]), first)?.layers, ["relu1"]);
});

test("layers in the response are not requested again, except for another digit or training step", () => {
  const latest = { digit: THREE, layers: ["pool1"], training: null };
  const response = /** @type {any} */ ({ digit: THREE, tensors: { relu1: {}, pool1: {} } });
  const near = new Set(["conv1", "pool1"]);
  const training = { step: 10, pinned: null, shown: /** @type {const} */ ("now") };

  assert.equal(neededRequest(SECTIONS, { ...STATE, response }, near, latest), null);
  assert.equal(neededRequest(SECTIONS, { ...STATE, response, digit: { ...THREE } }, near, latest)?.layers.length, 2);
  assert.equal(neededRequest(SECTIONS, { ...STATE, response, training }, near, latest)?.training, training);
});

for (const { boost, full, factor } of [
  { boost: 0, full: 8, factor: 1 },
  { boost: 1, full: 8, factor: 8 },
  { boost: 0.5, full: 4, factor: 2 },
  { boost: 1, full: 0.5, factor: 1 },
]) {
  test(`a boost of ${boost}, with a factor of ${full} at boost 1, multiplies by ${factor}`, () => {
    assert.equal(boostFactor(boost, full), factor);
  });
}
