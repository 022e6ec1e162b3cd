// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { ticksTo } from "../../../static/js/train/curves.js";

test("ticks are round numbers from 0, five steps at most, and the last is not below the value", () => {
  assert.deepEqual(ticksTo(2.5), [0, 0.5, 1, 1.5, 2, 2.5]);
  assert.deepEqual(ticksTo(2.6), [0, 1, 2, 3]);
  assert.deepEqual(ticksTo(31), [0, 10, 20, 30, 40]);
  assert.deepEqual(ticksTo(100), [0, 20, 40, 60, 80, 100]);
});
