// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { largestAbsolute } from "../../../static/js/draw/largest.js";

test("the largest absolute value may be negative", () => {
  assert.equal(largestAbsolute([1, -3, 2]), 3);
  assert.equal(largestAbsolute(Float32Array.of(0.5, -0.25)), 0.5);
});

test("no values have the largest absolute value 0", () => {
  assert.equal(largestAbsolute([]), 0);
});

test("more values than a call can have arguments", () => {
  const values = new Float32Array(400_000);
  values[399_999] = -7;

  assert.equal(largestAbsolute(values), 7);
});
