// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { adjustmentOf, choiceOf } from "../../../static/js/drawing/adjust-image.js";

test("the whole image is no crop", () => {
  assert.deepEqual(adjustmentOf(choiceOf(undefined)), { crop: null, rotate: 0, threshold: null });
});

test("sides become a corner and an extent", () => {
  const { crop } = adjustmentOf({ left: 0.25, top: 0.5, right: 0.75, bottom: 1, rotate: 0, threshold: null });

  assert.deepEqual(crop, [0.25, 0.5, 0.5, 0.5]);
});

test("sides that have crossed leave a strip inside the image", () => {
  const { crop } = adjustmentOf({ left: 1, top: 0.5, right: 0.2, bottom: 0.1, rotate: 0, threshold: null });

  assert.deepEqual(crop?.map((side) => Math.round(100 * side) / 100), [0.98, 0.5, 0.02, 0.02]);
});

test("an adjustment is taken up again", () => {
  /** @type {import("../../../static/js/types.js").Adjustment} */
  const adjustment = { crop: [0.25, 0.5, 0.5, 0.25], rotate: -30, threshold: 0.4 };

  assert.deepEqual(adjustmentOf(choiceOf(adjustment)), adjustment);
});
