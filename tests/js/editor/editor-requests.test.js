// @ts-check
/** @import { Digit, EditedAccuracy, KernelEdit } from "../../../static/js/types.js" */
/** @import { Activations } from "../../../static/js/api/activations.js" */
import assert from "node:assert/strict";
import test from "node:test";

import { createAccuracyMeter, createComparison } from "../../../static/js/editor/editor-requests.js";
import { editable } from "./specimens.js";

const LAYERS = [editable("conv1", 4, [1, 1, 1], [5, 5])];
/** @type {Digit} */
const DIGIT = { kind: "sample", index: 15 };
/** @type {KernelEdit} */
const WHOLE_MAP = { layer: "conv1", filter: 1, kernel: null, ablated: true, position: null };
/** @type {KernelEdit} */
const ONE_NEURON = { ...WHOLE_MAP, position: { row: 2, column: 3 } };

/** @param {unknown} error */
function fail(error) {
  throw error;
}

/** A comparison that notes the bodies it requests. */
function comparison() {
  /** @type {object[][]} */
  const requested = [];
  const compare = createComparison(LAYERS, async (_digit, body) => {
    requested.push(body);
    return /** @type {Activations} */ (/** @type {unknown} */ ({ number: requested.length }));
  });
  return { requested, compare };
}

test("the learned maps are requested once for a digit", async () => {
  const { requested, compare } = comparison();

  const { learned, edited } = await compare(DIGIT, []);
  await compare(DIGIT, [WHOLE_MAP]);
  await compare({ ...DIGIT }, []);

  assert.equal(edited, learned);
  assert.deepEqual(requested, [[], [{ layer: "conv1", filter: 1, ablate: true }], []]);
});

test("an edit of one position is compared with unshared learned weights", async () => {
  const { requested, compare } = comparison();
  await compare(DIGIT, []);

  await compare(DIGIT, [ONE_NEURON]);
  await compare(DIGIT, [{ ...ONE_NEURON, filter: 2 }]);

  assert.deepEqual(requested.slice(1), [
    [{ layer: "conv1", filter: 1, row: 2, column: 3 }],
    [{ layer: "conv1", filter: 1, ablate: true, row: 2, column: 3 }],
    [{ layer: "conv1", filter: 2, ablate: true, row: 2, column: 3 }],
  ]);
});

test("only the newest edits are measured when they pause", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  /** @type {KernelEdit[][]} */
  const measured = [];
  /** @type {EditedAccuracy[]} */
  const shown = [];
  const accuracy = { digits: 1000, errors: 9, accuracy: 0.991, unedited_errors: 4, unedited_accuracy: 0.996 };
  const meter = createAccuracyMeter(async (edits) => {
    measured.push(edits);
    return accuracy;
  }, { onMeasured: (each) => shown.push(each), onFailure: fail });

  meter.measureSoon([]);
  t.mock.timers.tick(500);
  meter.measureSoon([WHOLE_MAP]);
  t.mock.timers.tick(599);
  assert.deepEqual(measured, []);
  t.mock.timers.tick(1);
  await new Promise(setImmediate);

  assert.deepEqual(measured, [[WHOLE_MAP]]);
  assert.deepEqual(shown, [accuracy]);
});

test("an accuracy that comes after the next edit is not shown", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const accuracy = { digits: 1000, errors: 9, accuracy: 0.991, unedited_errors: 4, unedited_accuracy: 0.996 };
  const meter = createAccuracyMeter(async () => accuracy, { onMeasured: () => assert.fail("out of date"), onFailure: fail });

  meter.measureSoon([]);
  t.mock.timers.tick(600);
  meter.measureSoon([WHOLE_MAP]);
  await new Promise(setImmediate);
});
