// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { neighborsOf, positionsOf, stepsOf, validView, viewAt, viewPinned } from "../../../static/js/training/steps.js";

const STEPS = [0, 1, 63, 625];

test("a difference needs two steps, and each of its sides one", () => {
  assert.deepEqual(stepsOf({ step: 63, pinned: null, shown: "difference" }), { own: 63, other: null });
  assert.deepEqual(stepsOf({ step: 63, pinned: 1, shown: "difference" }), { own: 63, other: 1 });
  assert.deepEqual(stepsOf({ step: 63, pinned: 1, shown: "held" }), { own: 1, other: null });
  assert.deepEqual(stepsOf({ step: 63, pinned: 1, shown: "now" }), { own: 63, other: null });
});

test("a link to a step that does not exist opens the nearest one, or the finished network", () => {
  /** @type {import("../../../static/js/types.js").TrainingView} */
  const valid = { step: 63, pinned: 1, shown: "difference" };
  assert.equal(validView(valid, STEPS), valid);
  assert.deepEqual(validView({ ...valid, step: 60 }, STEPS), { step: 63, pinned: null, shown: "difference" });
  assert.deepEqual(validView({ ...valid, pinned: 2 }, STEPS), { step: 63, pinned: null, shown: "difference" });
  assert.equal(validView({ ...valid, step: 9999 }, STEPS), null);
});

test("the slider moves B of a comparison, and without one its last step is the finished network", () => {
  assert.deepEqual(viewAt(null, 63, 625), { step: 63, pinned: null, shown: "difference" });
  assert.equal(viewAt({ step: 63, pinned: null, shown: "difference" }, 625, 625), null);
  const a = { step: 63, pinned: 1, shown: /** @type {const} */ ("held") };
  assert.deepEqual(viewAt(a, 625, 625), { step: 625, pinned: 1, shown: "now" });
});

test("Pin keeps the maps until the slider moves to another step, and Unpin keeps B", () => {
  const pinned = viewPinned(null, 625, 625);
  assert.deepEqual(pinned, { step: 625, pinned: 625, shown: "now" });
  assert.deepEqual(viewAt(pinned, 63, 625), { step: 63, pinned: 625, shown: "difference" });
  assert.deepEqual(viewPinned({ step: 63, pinned: 1, shown: "now" }, 63, 625), { step: 63, pinned: null, shown: "now" });
  assert.equal(viewPinned({ step: 625, pinned: 1, shown: "now" }, 625, 625), null);
});

test("the neighbor in the direction of the slider comes first, and none lies outside the history", () => {
  assert.deepEqual(neighborsOf(STEPS, 63, -1), [1, 625, 0]);
  assert.deepEqual(neighborsOf(STEPS, 0, -1), [1]);
  assert.deepEqual(neighborsOf(STEPS, 1, 1), [63, 0, 625]);
});

test("in a comparison the slider is at B, while the maps may be those of A", () => {
  const view = { step: 63, pinned: 1, shown: /** @type {const} */ ("held") };

  assert.deepEqual(positionsOf({ step: 1, view }, STEPS), { index: 1, target: 2, pinned: 1, shown: "held", finished: false });
  assert.deepEqual(positionsOf(undefined, STEPS), { index: 3, target: 3, pinned: null, shown: "now", finished: true });
});
