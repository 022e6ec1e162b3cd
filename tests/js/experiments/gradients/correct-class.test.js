// @ts-check
/** @import { Digit } from "../../../../static/js/types.js" */
import assert from "node:assert/strict";
import test from "node:test";

import { describeLoss, labelToRequest } from "../../../../static/js/experiments/gradients/correct-class.js";

/** @type {Digit} */
const BLANK = { kind: "strokes", strokes: [], penWidth: 0.065 };
/** @type {Digit} */
const SAMPLE = { kind: "sample", index: 8 };

test("what the visitor says that the digit is counts if the model has that class", () => {
  assert.deepEqual([3, 5].map((label) => labelToRequest({ ...SAMPLE, label }, 4, 5)), [3, null]);
});

test("without a label the server takes the test digit's or the prediction", () => {
  assert.equal(labelToRequest(SAMPLE, 4, 10), null);
});

test("a blank pad keeps the class that was shown", () => {
  assert.equal(labelToRequest(BLANK, 4, 10), 4);
  assert.equal(labelToRequest(BLANK, null, 10), 0);
  assert.equal(labelToRequest({ ...BLANK, label: 7 }, 4, 10), 7);
});

test("the loss names the class and where it comes from", () => {
  const response = { input: /** @type {any} */ ({}), label: 3, label_from: /** @type {const} */ ("sample"), models: [{ id: "net", loss: 0.5, prediction: null, layers: [] }] };

  assert.equal(describeLoss(response, BLANK), "loss 0.5 nats (−log of the probability of 3; its label)");
  const sent = { ...response, label_from: /** @type {const} */ ("body") };
  assert.equal(describeLoss(sent, { ...BLANK, label: 3 }), "loss 0.5 nats (−log of the probability of 3; your choice)");
  assert.equal(describeLoss(sent, BLANK), "loss 0.5 nats (−log of the probability of 3; the last class shown, since the pad is blank)");
});
