// @ts-check
/** @import { TuningGroup } from "../../../../static/js/types.js" */
import assert from "node:assert/strict";
import test from "node:test";

import { centerAt, fromAddress, OPENING_ANGLE, OPENING_BAR, toAddress, wrapAngle } from "../../../../static/js/experiments/orientation-tuning/address.js";

/** @type {TuningGroup} */
const TRAINED = { id: "trained", label: "Trained", noun: "filters", model: "net", checkpoint: null, rectifier: "relu1", kernels: "conv1", is_shared: true, largest: 2 };
const GROUPS = [TRAINED, { ...TRAINED, id: "untrained", checkpoint: 0 }];

test("an address without a bar opens the first group with the opening bar", () => {
  assert.deepEqual(fromAddress("", GROUPS), { bar: OPENING_BAR, angle: OPENING_ANGLE, measure: "swept", group: TRAINED });
});

test("what is written is read again", () => {
  const state = fromAddress("#bar=30,12,2.5,10,11.5&grating=1&dark=1&still=1&of=untrained", GROUPS);

  assert.deepEqual(state.bar, { length: 12, width: 2.5, row: 10, column: 11.5, grating: true, dark: true });
  assert.equal(state.measure, "center");
  assert.equal(toAddress(state, GROUPS), "#v=1&bar=30,12,2.5,10,11.5&grating=1&dark=1&still=1&of=untrained");
});

test("what is damaged is left out, and what is out of range is limited", () => {
  assert.deepEqual(fromAddress("#bar=9,9&of=nobody", GROUPS), fromAddress("", GROUPS));
  assert.deepEqual(fromAddress("#bar=200,1,99,30,5", GROUPS), {
    bar: { length: 2, width: 14, row: 28, column: 5, grating: false, dark: false }, angle: 20, measure: "swept", group: TRAINED,
  });
});

test("angles wrap at half a turn", () => {
  assert.deepEqual([0, 180, 185, -5].map(wrapAngle), [0, 0, 5, 175]);
});

test("the center stays inside the image, on half pixels", () => {
  assert.deepEqual(centerAt(-3, 10.3), { row: 0, column: 10.5 });
  assert.deepEqual(centerAt(40, 9.74), { row: 28, column: 9.5 });
});
