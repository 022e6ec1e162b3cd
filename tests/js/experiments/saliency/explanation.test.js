// @ts-check
/** @import { Explanation } from "../../../../static/js/experiments/saliency/explanation.js" */
import assert from "node:assert/strict";
import test from "node:test";

import { describeClass, describePoint, explanationOf, fallsAtCenter, outlineOf, timesInk } from "../../../../static/js/experiments/saliency/explanation.js";
import { percent } from "../../../../static/js/network/prediction-bars.js";

const SQUARE = { width: 4, height: 3 };

/** A digit of 4×3 pixels. @type {Explanation} */
const KNOWN = {
  input: { ...SQUARE, data: Float32Array.of(0, 0, 0, 0, 0, 0.5, 1, 0, 0, 0, 0, 0) },
  prediction: { digit: 1, probability: 0.75 },
  probabilities: Float32Array.of(0.25, 0.75),
  label: 1,
  logit: 2.5,
  gradient: { ...SQUARE, data: Float32Array.of(1, 0, 0, 0, 0, -2, 3, 0, 0, 0, 0, 0) },
  timesInk: { ...SQUARE, data: Float32Array.of(0, 0, 0, 0, 0, -1, 3, 0, 0, 0, 0, 0) },
  occlusion: { ...SQUARE, data: Float32Array.of(0, 0, 0, 0, 0, 1.5, 0.5, 0, 0, 0, 0, 0) },
  size: 3,
};

test("falls of the logit are laid out at the middle of their square", () => {
  const changes = { shape: [1, 2], data: Float32Array.of(-1.5, -0.5) };

  assert.deepEqual(fallsAtCenter(changes, 3, SQUARE), KNOWN.occlusion);
});

test("the parts of an explanation keep their shapes, whatever the size of the input", () => {
  const tensors = { input: { shape: [3, 4], data: KNOWN.input.data }, probabilities: { shape: [2], data: KNOWN.probabilities } };
  const framing = { applied: /** @type {const} */ ("none"), crop: null, placed: null, source_size: /** @type {[number, number]} */ ([3, 4]), polarity: null, removed: [], shapes: 1 };
  const response = { model: "net", label: 1, prediction: KNOWN.prediction, logit: 2.5 };

  const explanation = explanationOf(
    { tensors, prediction: KNOWN.prediction, framing: /** @type {any} */ (framing) },
    { response, tensors: { gradient: { shape: [3, 4], data: KNOWN.gradient.data } } },
    { tensors: { logit_changes: { shape: [1, 2], data: Float32Array.of(-1.5, -0.5) } } },
    3,
  );

  assert.deepEqual(explanation, KNOWN);
});

test("the gradient times the colors of an image is a sum over red, green and blue", () => {
  const channels = { shape: [3, 1, 2], data: Float32Array.of(1, 0, 0.5, 0.25, 0, 1) };
  const input = { shape: [1, 2], data: Float32Array.of(1, 1), inColor: { channels, pixels: new Uint32Array(2) } };
  const gradient = { shape: [1, 2], data: Float32Array.of(6, 60) };
  const byChannel = { shape: [3, 1, 2], data: Float32Array.of(1, 10, 2, 20, 3, 30) };

  assert.deepEqual([...timesInk(input, { gradient, by_channel: byChannel }).data], [2, 35]);
});

test("prediction and logit are said in one sentence", () => {
  assert.equal(describeClass(KNOWN), `The network predicts 1 (${percent(0.75)}). Logit of 1: 2.5.`);
  assert.equal(describeClass({ ...KNOWN, label: 0 }), `The network predicts 1 (${percent(0.75)}). Logit of 0: 2.5, probability ${percent(0.25)}.`);
  assert.equal(describeClass({ ...KNOWN, prediction: null }), "The pad is blank, so there is no prediction. Logit of 1: 2.5.");
});

test("a pixel is described by its ink and its gradient", () => {
  assert.equal(
    describePoint(KNOWN, { map: "gradient", row: 1, column: 1 }),
    "Row 1, column 1: ink 0.5. A little more ink here changes the logit of 1 by −2 for each unit of ink.",
  );
});

test("a square is described by its effect, unless it reaches over the edge", () => {
  assert.equal(describePoint(KNOWN, { map: "occlusion", row: 1, column: 2 }), "Row 1, column 2: covering 3×3 pixels around it lowers the logit of 1 by 0.5.");
  const raising = { ...KNOWN, occlusion: { ...SQUARE, data: KNOWN.occlusion.data.map((fall) => 0 - fall) } };
  assert.match(describePoint(raising, { map: "occlusion", row: 1, column: 2 }), /raises the logit of 1 by 0\.5\.$/);
  for (const [row, column] of [[0, 1], [2, 1], [1, 0], [1, 3]]) {
    assert.equal(describePoint(KNOWN, { map: "occlusion", row, column }), `Row ${row}, column ${column}: no whole square has its middle here.`);
  }
});

test("the outline is the border between ink and paper", () => {
  // . .
  // # .   only the first pixel of the second row is ink
  const outline = outlineOf({ width: 2, height: 2, data: Float32Array.of(0, 0.4, 0.6, 0) });

  assert.deepEqual(outline.match(/M[^M]+/g)?.sort(), ["M0 1h1", "M0 1v1", "M0 2h1", "M1 1v1"].sort());
});
