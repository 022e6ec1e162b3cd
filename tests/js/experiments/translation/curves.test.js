// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { describeFigure, figureOfDigit, figureOfTestDigits } from "../../../../static/js/experiments/translation/curves.js";

/** @type {any[]} */
const COMPARED = [
  { id: "p", name: "Perceptron", connection: "fully-connected" },
  { id: "c", name: "Convolutional", connection: "convolution" },
];
const HIDDEN = { model: "p", layer: "relu1", neurons: 50 };
const OFFSETS = [0, 2, 4];

test("a digit's curves are the probabilities, in the order of the comparison, and the cosine of the hidden layer", () => {
  const figure = figureOfDigit(/** @type {any} */ ({
    label: 7, offsets: OFFSETS,
    models: [
      { id: "c", probability: [1, 1, 0.9], layers: [] },
      { id: "p", probability: [1, 0.6, 0.2], layers: [{ name: "linear1", cosine: [9] }, { name: "relu1", cosine: [1, 0.5, 0.25] }] },
    ],
  }), COMPARED, HIDDEN);

  assert.equal(figure.title, "Probability of 7");
  assert.deepEqual(figure.series.map(({ id, values }) => [id, values]), [["p", [1, 0.6, 0.2]], ["c", [1, 1, 0.9]], ["cosine", [1, 0.5, 0.25]]]);
  assert.equal(figure.series[2].name, "cosine of its 50");
});

test("test digits have the accuracies of one direction", () => {
  const models = [{ id: "p", hidden_layer: "relu1", accuracy: [1, 0.5, 0], probability: [], cosine: [1, 0, 0] }];

  const figure = figureOfTestDigits(/** @type {any} */ ({
    digits: 1000, directions: { right: { offsets: OFFSETS, models }, down: { offsets: [0], models: [] } },
  }), "right", COMPARED, HIDDEN);

  assert.equal(figure.title, "Share of 1,000 test digits classified correctly");
  assert.deepEqual(figure.series.map(({ id, values }) => [id, values]), [["p", [1, 0.5, 0]], ["cosine", [1, 0, 0]]]);
});

test("each network's tolerance is told, and how far the hidden activations turn", () => {
  const series = /** @type {any[]} */ ([
    { id: "p", connection: "fully-connected", name: "Perceptron", values: [1, 0.6, 0.2] },
    { id: "c", connection: "convolution", name: "Convolutional", values: [1, 1, 0.9] },
    { id: "cosine", connection: "cosine", name: "", values: [1, 0.5, 0.25] },
  ]);

  const told = describeFigure({ offsets: OFFSETS, title: "", series }, "down", 50);

  assert.match(told, /^Moved down\. Perceptron: below one half from 4 pixels on; Convolutional: above one half up to 4 pixels\./);
  assert.match(told, /50 activations have a cosine of 0\.25/);
});
