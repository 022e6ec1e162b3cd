// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import {
  costOf, countConnections, describeConnection, drawnPositions, gridOf, isTrained, keyOf, missingNeurons, neuronAt, patchOf,
} from "../../../../static/js/experiments/layer-costs/wiring.js";

/** @import { Choice } from "../../../../static/js/experiments/layer-costs/wiring.js" */

/** @param {Partial<Choice>} choice  @returns {Choice} */
function choiceOf(choice) {
  const cost = (/** @type {string} */ id, /** @type {object} */ rest) => ({ id, output_shape: [16, 28, 28], inputs_per_output: 25, weight_uses: 1, ...rest });
  return {
    connection: "convolution", filter: 3, pointed: null,
    geometry: { kernelSize: 5, stride: 1, padding: 2, filters: 16, features: 500 },
    costs: /** @type {any} */ ({
      input_shape: [1, 28, 28],
      layers: [cost("perceptron", { output_shape: [500, 1, 1], inputs_per_output: 784 }), cost("locally-connected", {}), cost("convolution", { weight_uses: 784 })],
    }),
    ...choice,
  };
}

test("the perceptron's neurons fill a grid of 25 by 20, a map has its own", () => {
  assert.deepEqual(gridOf(choiceOf({ connection: "fully-connected" })), { rows: 20, columns: 25, count: 500 });
  assert.deepEqual(gridOf(choiceOf({})), { rows: 28, columns: 28, count: 784 });
});

test("four neurons are drawn, or the one that is pointed at", () => {
  assert.equal(drawnPositions(choiceOf({})).length, 4);
  assert.deepEqual(drawnPositions(choiceOf({ pointed: { row: 1, column: 2 } })), [{ row: 1, column: 2 }]);
});

test("a position of the perceptron's grid is the neuron of that number, one of a map has a row and a column", () => {
  assert.deepEqual(neuronAt(choiceOf({ connection: "fully-connected" }), { row: 2, column: 3 }), { filter: 53, row: 0, column: 0 });
  assert.deepEqual(neuronAt(choiceOf({}), { row: 2, column: 3 }), { filter: 3, row: 2, column: 3 });
});

test("a full connection reads the whole input, a local one its patch with padding", () => {
  assert.deepEqual(patchOf(choiceOf({ connection: "fully-connected" }), { row: 0, column: 0 }), { top: 0, left: 0, height: 28, width: 28 });
  assert.deepEqual(patchOf(choiceOf({}), { row: 0, column: 1 }), { top: -2, left: -1, height: 5, width: 5 });
});

test("connections to padding are not counted", () => {
  assert.equal(countConnections(choiceOf({ connection: "fully-connected" })), 4 * 784);
  assert.equal(countConnections(choiceOf({})), 4 * 25);
  assert.equal(countConnections(choiceOf({ pointed: { row: 0, column: 0 } })), 9);
});

test("in a convolution the neurons of a map share their weights", () => {
  const [one, other] = [{ filter: 3, row: 0, column: 0 }, { filter: 3, row: 5, column: 6 }];

  assert.equal(keyOf("convolution", one), keyOf("convolution", other));
  assert.notEqual(keyOf("locally-connected", one), keyOf("locally-connected", other));
});

test("only the geometry of the trained layer has weights", () => {
  const layer = /** @type {any} */ ({ output_shape: [16, 28, 28], kernel_size: [5, 5], stride: [1, 1], padding: [2, 2] });
  const { geometry } = choiceOf({});

  assert.ok(isTrained("convolution", geometry, layer));
  assert.ok(!isTrained("convolution", { ...geometry, padding: 0 }, layer));
  assert.ok(!isTrained("convolution", geometry, { ...layer, kernel_size: [5, 3] }));
  assert.ok(isTrained("fully-connected", { ...geometry, features: 16 }, layer));
  assert.ok(!isTrained("fully-connected", geometry, layer));
});

test("the text follows the connection and the neuron", () => {
  assert.equal(describeConnection(choiceOf({ connection: "fully-connected", pointed: { row: 2, column: 3 } })),
    "Neuron 53 reads all 784 pixels, with 784 weights of its own. No weight is used twice.");
  assert.equal(describeConnection(choiceOf({ connection: "locally-connected" })),
    "Each neuron reads its 5×5 patch, with 25 weights of its own. No weight is used twice.");
  assert.equal(describeConnection(choiceOf({ pointed: { row: 0, column: 4 } })),
    "Neuron row 0, column 4 reads its 5×5 patch, with the same 25 weights as all 784 neurons of its map. Each weight is used 784 times.");
});

test("costs that are missing are an error, not an empty table", () => {
  assert.throws(() => costOf({ connection: "convolution", costs: /** @type {any} */ ({ layers: [] }) }), /no costs of convolution/);
});

test("shared weights are requested once for a map, and only if they are not known", () => {
  const shared = choiceOf({});
  const separate = choiceOf({ connection: "locally-connected" });

  assert.equal(missingNeurons(shared, new Map()).length, 1);
  assert.deepEqual(missingNeurons(shared, new Map([["convolution 3", {}]])), []);
  assert.equal(missingNeurons(separate, new Map()).length, 4);
});
