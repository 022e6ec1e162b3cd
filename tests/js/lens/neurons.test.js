// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { nameOf, neuronAfterKey, neuronExists, sameMap, sameNeuron, startIn } from "../../../static/js/lens/neurons.js";

const layer = /** @type {import("../../../static/js/types.js").LayerDescription} */ (
  /** @type {unknown} */ ({ name: "conv1", output_shape: [2, 3, 5] }));
const sections = [{ layer, after: null }];
const here = { layer: "conv1", filter: 1, row: 2, column: 4 };

test("only integer positions inside a layer with a section exist", () => {
  assert.equal(neuronExists(sections, here), true);
  for (const change of [{ layer: "relu1" }, { filter: 2 }, { row: 3 }, { column: 5 }, { column: -1 }, { row: 1.5 }, { row: NaN }]) {
    assert.equal(neuronExists(sections, { ...here, ...change }), false, JSON.stringify(change));
  }
});

test("arrow keys, Home and End move within the map, Page Up and Page Down to other maps", () => {
  const from = { ...here, row: 1, column: 2 };
  /** @type {[string, object][]} */
  const moves = [
    ["ArrowLeft", { column: 1 }], ["ArrowRight", { column: 3 }], ["ArrowUp", { row: 0 }], ["ArrowDown", { row: 2 }],
    ["Home", { column: 0 }], ["End", { column: 4 }], ["PageUp", { filter: 0 }], ["PageDown", { filter: 2 }],
  ];
  for (const [key, change] of moves) assert.deepEqual(neuronAfterKey({ key }, from, 5), { ...from, ...change }, key);
  assert.equal(neuronAfterKey({ key: "x" }, from, 5), null);
});

test("the keyboard begins in the middle, or at the position looked at before as far as the map has it", () => {
  assert.deepEqual(startIn(layer, 0, null), { layer: "conv1", filter: 0, row: 1, column: 2 });
  assert.deepEqual(startIn(layer, 0, { row: 9, column: 1 }), { layer: "conv1", filter: 0, row: 2, column: 1 });
});

test("neurons of one map differ in their position alone", () => {
  assert.equal(sameNeuron(here, { ...here }), true);
  assert.equal(sameNeuron(here, { ...here, row: 0 }), false);
  assert.equal(sameMap(here, { layer: "conv1", filter: 1 }), true);
  assert.equal(sameMap(here, { ...here, filter: 0 }), false);
  assert.equal(sameMap(here, null), false);
  assert.equal(nameOf(here), "conv1, map 1, row 2, column 4");
});
