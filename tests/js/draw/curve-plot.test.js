// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { spread } from "../../../static/js/draw/curve-plot.js";

test("labels keep their distance and stay above the floor", () => {
  assert.deepEqual(spread([10, 12, 50], 16, 100), [10, 26, 50]);
  assert.deepEqual(spread([99, 98], 16, 100), [100, 84]);
});
