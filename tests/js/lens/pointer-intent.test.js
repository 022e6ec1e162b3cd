// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { createPointerIntent } from "../../../static/js/lens/pointer-intent.js";

/** Whether a pointer that moved this far is on its way to a panel at the top. @param {{x?: number, y?: number, after: number, isOtherMap?: boolean}} move  @param {"top" | "bottom" | null} [side] */
function isLeaving({ x = 0, y = 0, after, isOtherMap = false }, side = "top") {
  const intent = createPointerIntent();
  intent.isLeaving({ x: 100, y: 500, time: 1000, isOtherMap: false }, side);
  return intent.isLeaving({ x: 100 + x, y: 500 + y, time: 1000 + after, isOtherMap }, side);
}

test("a pointer that hurries toward the panel, or crosses another map on the way, is leaving", () => {
  assert.equal(isLeaving({ y: -20, after: 16 }), true);
  assert.equal(isLeaving({ y: -20, after: 500, isOtherMap: true }), true);
  assert.equal(isLeaving({ y: 20, after: 16 }, "bottom"), true);
});

test("a pointer that looks at cells, goes sideways or away, or has no panel to go to, is not", () => {
  assert.equal(isLeaving({ y: -3, after: 50 }), false);
  assert.equal(isLeaving({ x: 40, y: -20, after: 16, isOtherMap: true }), false);
  assert.equal(isLeaving({ y: 20, after: 16, isOtherMap: true }), false);
  assert.equal(isLeaving({ y: -20, after: 16 }, null), false);
});
