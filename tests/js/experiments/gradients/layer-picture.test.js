// @ts-check
/** @import { ComparedNetwork, Connection } from "../../../../static/js/types.js" */
import assert from "node:assert/strict";
import test from "node:test";

import { layerPicture } from "../../../../static/js/experiments/gradients/layer-picture.js";

const INPUT = { width: 2, height: 2, data: Float32Array.of(1, 2, 3, 4) };

/** A network whose first layer has 1×1 kernels. @param {Connection} connection */
function network(connection) {
  const layer = { name: "first", kernel_size: [1, 1], stride: [1, 1], padding: [0, 0], dilation: [1, 1] };
  return /** @type {ComparedNetwork} */ (/** @type {unknown} */ ({ id: "net", name: "Net", connection, model: { layers: [layer] } }));
}

const TWO_MAPS = { shape: [2, 2, 2], data: Float32Array.of(1, 0, 0, 0, 0, 0, 0, -2) };

test("a convolution has one gradient for each kernel", () => {
  const { plane, words } = layerPicture(network("convolution"), INPUT, TWO_MAPS, null);

  assert.deepEqual(plane, { width: 1, height: 1, data: Float32Array.of(-8) });
  assert.equal(words, "Kernel 1: 4 neurons, one gradient of 1 numbers.");
});

test("the chosen map is shown if the layer has it", () => {
  assert.match(layerPicture(network("convolution"), INPUT, TWO_MAPS, 0).words, /^Kernel 0:/);
  assert.match(layerPicture(network("convolution"), INPUT, TWO_MAPS, 7).words, /^Kernel 1:/);
});

test("unshared weights have a gradient for each neuron", () => {
  const { plane, words } = layerPicture(network("locally-connected"), INPUT, TWO_MAPS, 1);

  assert.deepEqual(plane, { width: 2, height: 2, data: Float32Array.of(0, 0, 0, -8) });
  assert.equal(words, "Map 1: 4 neurons, 4 gradients of 1 numbers, each at the position of its neuron.");
});

test("a fully connected neuron's gradient is its δ times the whole digit", () => {
  const { plane, words } = layerPicture(network("fully-connected"), INPUT, { shape: [3, 1, 1], data: Float32Array.of(1, -2, 0) }, 0);

  assert.deepEqual(plane.data, Float32Array.of(-2, -4, -6, -8));
  assert.equal(words, "Neuron 1 of 3: its δ times the whole digit, 4 numbers.");
});
