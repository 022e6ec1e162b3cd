// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { onPad } from "../../../static/js/lens/field-view.js";

test("rows and columns of an input that is not square are shares of their own extents", () => {
  const framing = { applied: "none", crop: null, placed: null, source_size: /** @type {[number, number]} */ ([20, 40]), polarity: null, removed: [], shapes: 1 };

  const box = onPad({ top: 5, left: 10, height: 10, width: 20 }, framing, [20, 40]);

  assert.deepEqual(box, { top: 0.25, left: 0.25, height: 0.5, width: 0.5 });
});

/** @param {Record<string, number>} box  @param {Record<string, number>} expected */
function assertClose(box, expected) {
  for (const [side, value] of Object.entries(expected)) assert.ok(Math.abs(box[side] - value) < 1e-12, `${side} is ${box[side]}`);
}

test("a field on the pad is computed backward through placing, scaling and cropping", () => {
  const framing = {
    applied: "mnist",
    crop: { top: 28, left: 42, height: 56, width: 27 }, // Rounded to whole cells: the two scales differ.
    placed: { top: 4, left: 9, height: 20, width: 10 },
    source_size: /** @type {[number, number]} */ ([112, 112]),
    polarity: null,
    removed: [],
    shapes: 1,
  };
  /** @param {number} top  @param {number} left  @param {number} height  @param {number} width */
  const fieldOf = (top, left, height, width) => onPad({ top, left, height, width }, framing, [28, 28]);

  assertClose(fieldOf(4, 9, 20, 10), { top: 0.25, left: 0.375, height: 0.5, width: 27 / 112 }); // All of the ink.
  assertClose(fieldOf(4, 9, 5, 5), { top: 0.25, left: 0.375, height: 0.125, width: 13.5 / 112 });
  const { top, left, height } = fieldOf(0, 0, 28, 28);
  assertClose({ top, left, bottom: top + height }, { top: (28 - 4 * 2.8) / 112, left: (42 - 9 * 2.7) / 112, bottom: (28 + 24 * 2.8) / 112 });
});
