// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { addColors, pixelsOf } from "../../../static/js/api/colored-input.js";

/** Two pixels: no ink, and ink in red and half of green. */
const CHANNELS = { shape: [3, 1, 2], data: Float32Array.of(0, 1, 0, 0.6, 0, 0) };

/** @param {Uint32Array} pixels  Red, green, blue and opacity of each. */
const channelsOf = (pixels) => Array.from(pixels, (pixel) => [pixel & 255, (pixel >> 8) & 255, (pixel >> 16) & 255, pixel >>> 24]);

test("light ink is painted on black, in its own colors", () => {
  const shown = pixelsOf(CHANNELS, { applied: "mnist", polarity: "light-on-dark" });

  assert.deepEqual(channelsOf(shown), [[0, 0, 0, 255], [255, 153, 0, 255]]);
});

test("dark ink is painted on white, by what it takes from it", () => {
  const shown = pixelsOf(CHANNELS, { applied: "mnist", polarity: "dark-on-light" });

  assert.deepEqual(channelsOf(shown), [[255, 255, 255, 255], [0, 102, 255, 255]]);
});

test("an image that was not framed is painted as it is", () => {
  const shown = pixelsOf(CHANNELS, { applied: "none", polarity: "dark-on-light" });

  assert.deepEqual(channelsOf(shown)[1], [255, 153, 0, 255]);
});

test("the input of either kind of response gets its colors", () => {
  const framing = { applied: "none", polarity: null };
  for (const metadata of [{ framing: JSON.stringify(framing) }, { response: JSON.stringify({ input: { framing } }) }]) {
    const tensors = { input: { shape: [1, 2], data: new Float32Array(2) }, "input/colors": CHANNELS };

    addColors(tensors, /** @type {any} */ (metadata));

    const { inColor } = /** @type {import("../../../static/js/types.js").Tensor} */ (tensors.input);
    assert.equal(inColor?.channels, CHANNELS);
    assert.equal(inColor?.pixels.length, 2);
  }
});
