// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { neuronGrid } from "../../../static/js/lens/first-sweep-scene.js";

/** @param {[number, number, number]} shape */
const gridOf = (shape) => neuronGrid(/** @type {import("../../../static/js/types.js").LayerDescription} */ ({ name: "first", output_shape: shape }));

test("a feature map's cells are the positions of one filter", () => {
  const grid = gridOf([16, 2, 3]);
  assert.deepEqual(grid.shape, [1, 2, 3]);
  assert.deepEqual(grid.cellAt(5, 4), { layer: "first", filter: 5, row: 1, column: 1 });
  assert.deepEqual(grid.neuronOf(grid.cellAt(5, 4)), { layer: "first", filter: 5, row: 1, column: 1 });
});

test("the neurons of a fully connected layer fill a grid together", () => {
  const grid = gridOf([500, 1, 1]);
  assert.deepEqual([grid.together, grid.shape], [true, [1, 20, 25]]);
  assert.deepEqual(grid.neuronOf(grid.cellAt(0, 26)), { layer: "first", filter: 26, row: 0, column: 0 });
  assert.deepEqual(gridOf([7, 1, 1]).shape, [1, 1, 7]);
});
