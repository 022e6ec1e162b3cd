import assert from "node:assert/strict";
import { test } from "node:test";
import { initialState } from "../../../static/js/shell/reducer.js";
import { sectionsOf, selectLayer, shownLayer } from "../../../static/js/network/selectors.js";

/** @import { ModelDescription, State } from "../../../static/js/types.js" */

const FUNCTIONS = /** @type {Record<string, string>} */ ({ relu: "ReLU", activation: "ELU(1)" });

/** A model with these layers, by name and kind. @param {[string, string][]} layers */
function modelOf(...layers) {
  const described = layers.map(([name, kind]) => ({ name, kind, function: FUNCTIONS[kind] ?? null, display_range: [0, 1], dead_filters: [] }));
  return /** @type {ModelDescription} */ (/** @type {unknown} */ ({ layers: described }));
}

/** @param {ModelDescription} model */
const namesOf = (model) => sectionsOf(model).map(({ layer, after }) => [layer.name, after?.name ?? null]);

test("a ReLU shares the section of the layer before it, which is pooling if it comes after pooling", () => {
  const reluFirst = modelOf(["conv1", "conv2d"], ["relu1", "relu"], ["pool1", "max_pool2d"], ["linear1", "linear"], ["softmax", "softmax"]);
  const poolFirst = modelOf(["conv1", "conv2d"], ["pool1", "max_pool2d"], ["relu1", "relu"], ["linear1", "linear"], ["softmax", "softmax"]);

  assert.deepEqual(namesOf(reluFirst), [["conv1", "relu1"], ["pool1", null], ["linear1", "softmax"]]);
  assert.deepEqual(namesOf(poolFirst), [["conv1", null], ["pool1", "relu1"], ["linear1", "softmax"]]);
});

test("a function of the input or of another function has a section of its own", () => {
  const model = modelOf(["relu1", "relu"], ["conv1", "conv2d"], ["act1", "activation"], ["relu2", "relu"], ["linear1", "linear"], ["softmax", "softmax"]);

  assert.deepEqual(namesOf(model), [["relu1", null], ["conv1", "act1"], ["relu2", null], ["linear1", "softmax"]]);
});

test("each section shows its own maps where ReLU comes after pooling, and the classes show logits", () => {
  const model = modelOf(["conv1", "conv2d"], ["pool1", "max_pool2d"], ["relu1", "relu"], ["linear1", "linear"], ["softmax", "softmax"]);
  const sections = sectionsOf(model);

  assert.deepEqual(sections.map((section) => shownLayer(section, true).name), ["conv1", "relu1", "linear1"]);
  assert.deepEqual(sections.map((section) => shownLayer(section, false).name), ["conv1", "pool1", "linear1"]);
});

test("maps of a layer that has not arrived are not taken from another layer", () => {
  const model = modelOf(["conv1", "conv2d"], ["pool1", "max_pool2d"], ["relu1", "relu"]);
  const [conv, pool] = sectionsOf(model);
  const tensors = { relu1: { shape: [1, 1, 2], data: Float32Array.of(0.5, 0) } };
  const initial = initialState({ kind: "sample", index: 0 }, 0.065);
  const state = /** @type {State} */ (/** @type {unknown} */ ({ ...initial, rectified: true, response: { tensors } }));

  assert.equal(selectLayer(state, conv), null);
  assert.deepEqual([...selectLayer(state, pool)?.maps[0].plane.data ?? []], [0.5, 0]);
  assert.equal(selectLayer(state, pool)?.source.name, "relu1");
});
