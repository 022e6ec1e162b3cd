// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { editableLayers, mappedLayers } from "../../../static/js/editor/editable-layers.js";
import { layer } from "./specimens.js";

/** @param {ReturnType<typeof layer>[]} layers */
const model = (...layers) => ({ id: "net", classes: ["0", "1"], layers });

test("a convolution is shown by the ReLU directly after it", () => {
  const net = model(
    layer("conv1", "conv2d", [3, 12, 10], [4, 10, 9], [3, 2]),
    layer("relu1", "relu", [4, 10, 9], [4, 10, 9]),
    layer("linear", "linear", [4, 10, 9], [2, 1, 1], [10, 9]),
    layer("softmax", "softmax", [2, 1, 1], [2, 1, 1]),
  );

  assert.deepEqual(editableLayers(net), [
    { name: "conv1", filters: 4, kernelShape: [3, 3, 2], mapSize: [10, 9], shown: net.layers[1] },
  ]);
  assert.deepEqual(mappedLayers(net).map(({ name }) => name), ["relu1"]);
});

test("a convolution with pooling before its ReLU is shown itself", () => {
  const net = model(
    layer("conv1", "conv2d", [1, 8, 8], [2, 8, 8], [5, 5]),
    layer("pool1", "max_pool2d", [2, 8, 8], [2, 4, 4], [2, 2]),
    layer("relu1", "relu", [2, 4, 4], [2, 4, 4]),
    layer("linear", "linear", [2, 4, 4], [2, 1, 1], [4, 4]),
  );

  assert.equal(editableLayers(net)[0].shown.name, "conv1");
  assert.deepEqual(mappedLayers(net).map(({ name }) => name), ["conv1", "relu1"]);
});

test("a network without convolutions has no layer to edit", () => {
  const net = model(layer("linear1", "linear", [1, 8, 8], [5, 1, 1], [8, 8]), layer("relu1", "relu", [5, 1, 1], [5, 1, 1]));

  assert.deepEqual(editableLayers(net), []);
});
