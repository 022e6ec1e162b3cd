// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import {
  describeKernel, describePredictions, describeTemplate, kernelOf, orderOf, percentile, productsOf,
} from "../../../../static/js/experiments/feature-comparison/features.js";

const PERCEPTRON = { model: "p", layer: "linear1", prediction: null, pre_activations: [-1, 3, 2], activations: [0, 3, 2], order: [1, 2, 0], active: 2 };

/** @type {import("../../../../static/js/types.js").FeatureComparison["convolution"]} */
const CONVOLUTION = { model: "c", layer: "conv1", prediction: { digit: 4, probability: 0.9 }, strongest: [0, 1.5], positions: [[0, 0], [3, 4]], active_share: [0, 0.25] };

test("templates are shown by activation, or by number while the activations are unknown", () => {
  assert.deepEqual(orderOf("strongest", 3, PERCEPTRON), [1, 2, 0]);
  assert.deepEqual(orderOf("strongest", 3, null), [0, 1, 2]);
  assert.deepEqual(orderOf("fixed", 3, PERCEPTRON), [0, 1, 2]);
});

test("a template is a part of the kernels, and is multiplied pixel by pixel", () => {
  const kernels = { shape: [2, 1, 1, 2], data: Float32Array.of(1, 2, 3, 4) };

  const own = kernelOf(kernels, 1);

  assert.deepEqual([...own.data], [3, 4]);
  assert.deepEqual([...productsOf(own, { width: 2, height: 1, data: Float32Array.of(0.5, 1) }).data], [1.5, 4]);
});

test("a percentile leaves out the extremes, whatever their sign", () => {
  assert.equal(percentile(Float32Array.of(-1, 2, -100, 3), 0.5), 3);
  assert.equal(percentile(Float32Array.of(-1, 2, -100, 3), 1), 100);
  assert.equal(percentile(Float32Array.of(0, 0), 1), 1);
});

test("a template's sum and rank are told", () => {
  assert.equal(describeTemplate(PERCEPTRON, 1, 784), "784 products and a bias add up to 3; after the ReLU 3. The strongest of 3.");
  assert.match(describeTemplate(PERCEPTRON, 0, 784), /after the ReLU 0\. The 3rd strongest of 3\.$/);
});

test("a rank of eleven to thirteen ends in th", () => {
  const order = Array.from({ length: 30 }, (_, i) => i);
  const many = { ...PERCEPTRON, order, activations: order, pre_activations: order };

  assert.match(describeTemplate(many, 10, 1), /The 11th strongest/);
  assert.match(describeTemplate(many, 21, 1), /The 22nd strongest/);
});

test("a kernel's largest activation is told with its position, and an inactive kernel as such", () => {
  assert.equal(describeKernel(CONVOLUTION, 1), "The largest activation of kernel 1 is 1.5, at row 3, column 4; 25% of its activations are positive.");
  assert.equal(describeKernel(CONVOLUTION, 0), "Kernel 0 is not activated anywhere on this digit.");
});

test("each prediction is told with its model's name", () => {
  const comparison = /** @type {any} */ ({ perceptron: PERCEPTRON, convolution: CONVOLUTION });

  assert.equal(describePredictions(comparison, (id) => id.toUpperCase()), "P: no prediction; C: 4");
});
