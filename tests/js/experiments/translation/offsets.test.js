// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import {
  describeOffset, describeTranslation, limited, mapOf, reasonOf, strongestFilter, translated,
} from "../../../../static/js/experiments/translation/offsets.js";
import { percent } from "../../../../static/js/network/prediction-bars.js";

/** @param {object} layer */
function layer(layer) {
  return /** @type {import("../../../../static/js/types.js").LayerTranslation} */ ({ name: "conv1", kind: "conv2d", exact: true, residual: 0, ...layer });
}

test("zeros come in, and what leaves is lost", () => {
  const plane = { width: 3, height: 2, data: Float32Array.of(1, 2, 3, 4, 5, 6) };

  assert.deepEqual([...translated(plane, { down: 1, right: -1 }).data], [0, 0, 0, 2, 3, 0]);
  assert.deepEqual([...translated(plane, { down: 0, right: 2 }).data], [0, 0, 1, 0, 0, 4]);
  assert.deepEqual([...translated(plane, { down: -2, right: 0 }).data], [0, 0, 0, 0, 0, 0]);
});

test("the digit moves by half the frame at most", () => {
  assert.deepEqual(limited({ down: -20, right: 3 }), { down: -14, right: 3 });
});

test("the strongest filter holds the largest activation, and its map is a part of the tensor", () => {
  const tensor = { shape: [3, 1, 2], data: Float32Array.of(0, 1, 5, 0, 2, 4) };

  assert.equal(strongestFilter(tensor), 1);
  assert.deepEqual([...mapOf(tensor, 1).data], [5, 0]);
});

test("offsets are described by direction", () => {
  assert.equal(describeOffset({ down: 0, right: 0 }), "Not moved");
  assert.equal(describeOffset({ down: -2, right: 3 }), "Moved 3 right, 2 up");
});

test("a map's movement has a reason", () => {
  assert.equal(reasonOf(layer({}), [1, 1], { down: 0, right: 0 }), "The digit is not translated.");
  assert.equal(reasonOf(layer({}), [1, 1], { down: 0, right: 3 }), "It moved along exactly.");
  assert.equal(reasonOf(layer({}), [2, 2], { down: 0, right: 4 }), "It moved along exactly: a multiple of 2 pixels.");
  assert.match(reasonOf(layer({ exact: false, residual: 1 }), [2, 2], { down: 0, right: -3 }), /^3 pixels are 1\.5 of its cells/);
  assert.match(reasonOf(layer({ exact: false, residual: 1 }), [2, 4], { down: 1, right: 0 }), /^1 pixel is 0\.5 of its cells/);
  assert.match(reasonOf(layer({ residual: null }), [4, 4], { down: 0, right: 4 }), /receptive field is too large/);
  assert.match(reasonOf(layer({ kind: "locally_connected2d", residual: 1 }), [1, 1], { down: 0, right: 1 }), /weights of its own/);
  assert.equal(reasonOf(layer({ residual: 1 }), [1, 1], { down: 0, right: 1 }), "It did not move along.");
});

test("screen readers are told the chosen layers and every prediction", () => {
  const response = /** @type {any} */ ({
    translation: { down: 0, right: 2 },
    models: [
      { id: "a", after: { digit: 7, probability: 0.9 }, layers: [layer({}), layer({ name: "pool2", residual: null }), layer({ name: "relu1" })] },
      { id: "b", after: null, layers: [] },
    ],
  });

  const told = describeTranslation(response, { model: "a", layers: ["conv1", "pool2"] }, (id) => id.toUpperCase());

  assert.equal(told, `Moved 2 right. conv1 differs by 0, pool2 cannot be compared. A predicts 7, ${percent(0.9)}, B predicts nothing.`);
});
