// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { describeAccuracy, describeEditedMap, describePredictions, describeScope } from "../../../static/js/editor/sentences.js";
import { percent } from "../../../static/js/network/prediction-bars.js";

const POSITION = { row: 12, column: 14 };

test("the scope says how many neurons an edit changes", () => {
  assert.equal(
    describeScope({ shared: true, position: POSITION }, 300, 784),
    "The weights are shared: an edit changes what all 784 neurons of the map compute. 300 of 784 values of this map differ from the learned ones.",
  );
  assert.match(describeScope({ shared: false, position: POSITION }, 1, 784), /^The weights are not shared: .* row 12, column 14, and no other\. 1 of 784/);
});

test("a map that is turned off says so", () => {
  assert.equal(describeEditedMap(undefined), "edited");
  assert.equal(describeEditedMap({ ablated: true, position: null }), "turned off: 0 everywhere");
  assert.equal(describeEditedMap({ ablated: true, position: POSITION }), "one neuron turned off: 0");
});

test("both predictions are in one sentence", () => {
  assert.equal(
    describePredictions({ digit: 5, probability: 0.75 }, { digit: 3, probability: 0.5 }),
    `Prediction with the learned kernels: 5 (${percent(0.75)}); with the edited kernels: 3 (${percent(0.5)}).`,
  );
  assert.equal(describePredictions(null, null), "The pad is blank: no prediction.");
});

test("the accuracy is compared with that of the learned kernels", () => {
  const accuracy = { digits: 1000, errors: 13, accuracy: 0.987, unedited_errors: 1, unedited_accuracy: 0.999 };

  assert.equal(describeAccuracy(null), "Classifying test digits…");
  assert.equal(
    describeAccuracy(accuracy),
    "Accuracy on 1,000 test digits with the edited kernels: 98.7% (13 errors); with the learned kernels: 99.9% (1 error).",
  );
});
