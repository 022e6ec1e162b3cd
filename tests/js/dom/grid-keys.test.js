// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { arrowStep, stepWithin } from "../../../static/js/dom/grid-keys.js";

test("arrow keys move by one row or column, and other keys do not move", () => {
  assert.deepEqual(arrowStep({ key: "ArrowUp" }), [-1, 0]);
  assert.deepEqual(arrowStep({ key: "ArrowDown" }), [1, 0]);
  assert.deepEqual(arrowStep({ key: "ArrowLeft" }), [0, -1]);
  assert.deepEqual(arrowStep({ key: "ArrowRight" }), [0, 1]);
  assert.equal(arrowStep({ key: "Enter" }), null);
});

test("a step stops at every edge of the grid", () => {
  const corner = { row: 0, column: 2 };

  assert.deepEqual(stepWithin(corner, [-1, 0], [2, 3]), { row: 0, column: 2 });
  assert.deepEqual(stepWithin(corner, [0, 1], [2, 3]), { row: 0, column: 2 });
  assert.deepEqual(stepWithin(corner, [1, 0], [2, 3]), { row: 1, column: 2 });
  assert.deepEqual(stepWithin(corner, [5, -5], [2, 3]), { row: 1, column: 0 });
});
