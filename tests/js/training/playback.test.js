// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { createPlayback } from "../../../static/js/training/playback.js";

/** A slider of three checkpoints, whose timers a test calls itself. @param {{index: number, still?: boolean}} start */
function playbackOf({ index, still = false }) {
  const state = { index, shown: true, changes: 0 };
  /** @type {(() => void) | null} */
  let due = null;
  const playback = createPlayback({
    index: () => state.index,
    end: 2,
    move: (next) => void (state.index = next),
    isShown: () => state.shown,
    isStill: () => still,
    onChange: () => void (state.changes += 1),
  }, {
    set: (act) => {
      due = act;
      return 1;
    },
    clear: () => void (due = null),
  });
  return { state, playback, isDue: () => due !== null, tick: () => due?.() };
}

test("playing begins again at the first checkpoint and stops at the last", () => {
  const { state, playback, isDue, tick } = playbackOf({ index: 2 });

  playback.toggle();
  const seen = [state.index];
  for (let i = 0; i < 2; i += 1) {
    tick();
    seen.push(state.index);
  }

  assert.deepEqual(seen, [0, 1, 2]);
  assert.deepEqual([playback.isPlaying(), isDue(), state.changes], [false, false, 2]);
});

test("a checkpoint whose maps have not arrived is waited for, not skipped", () => {
  const { state, playback, tick } = playbackOf({ index: 0 });
  playback.toggle();

  state.shown = false;
  tick();
  assert.deepEqual([state.index, playback.isPlaying()], [0, true]);
  state.shown = true;
  tick();
  assert.equal(state.index, 1);
});

test("pausing clears the timer", () => {
  const { playback, isDue } = playbackOf({ index: 0 });
  playback.toggle();
  assert.equal(isDue(), true);
  playback.toggle();
  assert.deepEqual([playback.isPlaying(), isDue()], [false, false]);
});

test("where motion is reduced, Play moves on by a single checkpoint", () => {
  const { state, playback, isDue } = playbackOf({ index: 1, still: true });
  playback.toggle();
  assert.deepEqual([state.index, playback.isPlaying(), isDue()], [2, false, false]);
  playback.toggle();
  assert.equal(state.index, 0);
});
