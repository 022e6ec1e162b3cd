// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { describeFraming } from "../../../static/js/network/prediction-bars.js";

const box = { top: 4, left: 4, height: 20, width: 20 };
const framing = { applied: "mnist", crop: box, placed: box, source_size: /** @type {[number, number]} */ ([28, 28]), polarity: null, removed: /** @type {string[]} */ ([]), shapes: 1 };
/** @type {import("../../../static/js/types.js").Digit} */
const image = { kind: "image", name: "a.png", base64: "" };

test("what was removed from an image is named", () => {
  assert.equal(
    describeFraming(image, { ...framing, removed: ["brightness", "shadow", "ruling"] }),
    "cropped, centered; ink found by color; without shadow, ruled lines",
  );
});

test("a second shape is named", () => {
  assert.match(describeFraming(image, { ...framing, shapes: 2 }), /two separate shapes: only the larger is classified/);
});
