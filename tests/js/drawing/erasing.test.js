import assert from "node:assert/strict";
import { test } from "node:test";
import { eraseFrom } from "../../../static/js/drawing/erasing.js";

/** @import { Stroke } from "../../../static/js/types.js" */

test("the eraser cuts a stroke in two and returns the others unchanged", () => {
  /** @type {Stroke[]} */
  const strokes = [[[0.1, 0.5], [0.9, 0.5]], [[0.1, 0.9], [0.2, 0.9]]];

  const [left, right, untouched, ...others] = eraseFrom(strokes, [[0.5, 0.5]], 0.1);

  assert.deepEqual(left[0], [0.1, 0.5]);
  assert.ok(Math.abs((left.at(-1)?.[0] ?? NaN) - 0.4) <= 0.011);
  assert.ok(Math.abs(right[0][0] - 0.6) <= 0.011);
  assert.ok(Math.abs((right.at(-1)?.[0] ?? NaN) - 0.9) < 1e-9);
  assert.equal(untouched, strokes[1]);
  assert.deepEqual(others, []);
});
