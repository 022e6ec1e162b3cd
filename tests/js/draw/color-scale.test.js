import assert from "node:assert/strict";
import { test } from "node:test";
import { makeColorScale } from "../../../static/js/draw/color-scale.js";

test("zero has the middle color, and values at and beyond the ends have the last colors", () => {
  const scale = makeColorScale({ stops: [[-1, [0, 0, 255]], [0, [250, 250, 250]], [1, [255, 128, 0]]] });

  const pixels = [-9, -2, 0, 2, 9].map((value) => scale.pixelOf(value, 2));

  const [negative, zero, positive] = [0xffff0000, 0xfffafafa, 0xff0080ff]; // ABGR
  assert.deepEqual(pixels, [negative, negative, zero, positive, positive]);
});
