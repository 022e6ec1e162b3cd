// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { createSelection } from "../../../static/js/lens/selection.js";
import { advanced, cellsUpTo, createSweep, isLast } from "../../../static/js/lens/sweep.js";

/** @type {[number, number, number]} */
const SHAPE = [4, 2, 3];
const first = { layer: "pool1", filter: 2, row: 0, column: 0 };
const last = { ...first, row: 1, column: 2 };

test("a sweep goes in reading order and stops at the last cell", () => {
  assert.deepEqual(advanced(first, SHAPE, 2), { ...first, column: 2 });
  assert.deepEqual(advanced(first, SHAPE, 3), { ...first, row: 1, column: 0 });
  assert.deepEqual(advanced(first, SHAPE, 99), last);
  assert.equal(cellsUpTo(first, SHAPE), 1);
  assert.equal(cellsUpTo(last, SHAPE), 6);
  assert.deepEqual([isLast(first, SHAPE), isLast(last, SHAPE)], [false, true]);
});

test("neurons that are skipped count as no step, except at the end", () => {
  const isSkipped = (/** @type {{row: number, column: number}} */ { row, column }) => row === 0 && column === 1 || row === 1 && column > 0;
  assert.deepEqual(advanced(first, SHAPE, 1, isSkipped), { ...first, column: 2 });
  assert.deepEqual(advanced(first, SHAPE, 2, isSkipped), { ...first, row: 1 });
  assert.deepEqual(advanced(first, SHAPE, 3, isSkipped), last);
});

/** A sweep of a map of 2×3, whose frames a test calls itself. */
function sweepOf({ still = false, isBlocked = () => Boolean(0) } = {}) {
  let neuron = /** @type {import("../../../static/js/types.js").Neuron | null} */ (null);
  const store = {
    getState: () => ({ neuron }),
    /** @param {import("../../../static/js/types.js").Action} action */
    dispatch: (action) => void (neuron = action.type === "neuronPinned" ? action.neuron : null),
  };
  const selection = createSelection(store, () => {});
  /** @type {FrameRequestCallback[]} */
  const frames = [];
  const sweep = createSweep(
    { selection, shapeOf: () => SHAPE, isStill: () => still, onChange: () => {}, isBlocked },
    { request: (callback) => frames.push(callback), cancel: () => {} },
  );
  return { selection, sweep, frames };
}

test("Step paints from the first cell on, one cell at a time, and begins again at the end", () => {
  const { selection, sweep } = sweepOf();
  selection.pin({ ...first, row: 1, column: 1 });
  const seen = [];
  for (let i = 0; i < 7; i += 1) {
    sweep.step();
    seen.push(sweep.painted());
  }
  assert.deepEqual(seen, [1, 2, 3, 4, 5, 6, 1]);
  assert.deepEqual(selection.pinned(), first);
});

test("Play paints as many cells as its speed and the time between frames give, and ends at the last", () => {
  const { selection, sweep, frames } = sweepOf();
  selection.pin(last);
  sweep.setSpeed(10);
  sweep.toggle();
  assert.deepEqual([sweep.isPlaying(), sweep.painted()], [true, 1]);
  frames[0](1000);
  frames[1](1250);
  assert.equal(sweep.painted(), 3);
  frames[2](1300); // half a cell is carried over
  assert.equal(sweep.painted(), 4);
  frames[3](2000);
  assert.deepEqual([sweep.isPlaying(), sweep.painted(), selection.pinned()], [false, 6, last]);
  assert.equal(frames.length, 4);
});

test("Step while playing only pauses, and nothing plays where motion is reduced", () => {
  const { selection, sweep } = sweepOf();
  selection.pin(first);
  sweep.toggle();
  sweep.step();
  assert.deepEqual([sweep.isPlaying(), sweep.painted()], [false, 1]);

  const still = sweepOf({ still: true });
  still.selection.pin(last);
  still.sweep.toggle();
  assert.deepEqual([still.sweep.isPlaying(), still.selection.pinned()], [false, last]);
});

test("Play stops where it is when it is blocked", () => {
  let isBlocked = false;
  const { selection, sweep, frames } = sweepOf({ isBlocked: () => isBlocked });
  selection.pin(last);
  sweep.toggle();
  frames[0](1000);
  isBlocked = true;
  frames[1](2000);
  assert.deepEqual([sweep.isPlaying(), sweep.painted(), frames.length], [false, 1, 2]);
});
