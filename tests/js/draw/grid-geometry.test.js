// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { cellAt } from "../../../static/js/draw/grid-geometry.js";

for (const { point, cell } of [
  { point: [10, 20], cell: { row: 0, column: 0 } },
  { point: [29.9, 59.9], cell: { row: 3, column: 1 } },
  { point: [30, 60], cell: { row: 3, column: 1 } },
  { point: [20, 50], cell: { row: 3, column: 1 } },
]) {
  test(`the cell at ${point.join(", ")}`, () => {
    assert.deepEqual(cellAt({ left: 10, top: 20, width: 20, height: 40 }, point[0], point[1], 4, 2), cell);
  });
}
