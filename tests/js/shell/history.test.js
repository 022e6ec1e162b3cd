// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { history, startHistory, UNDO_DEPTH } from "../../../static/js/shell/history.js";

/** @typedef {{type: string, text?: string}} Action */

const write = history(
  (/** @type {string} */ present, /** @type {Action} */ { text = "" }) => present + text,
  ({ type }) => type === "continued",
);

/** @param {Action[]} actions */
const after = (...actions) => actions.reduce(write, startHistory(""));

test("undo and redo move through the steps", () => {
  const two = after({ type: "written", text: "a" }, { type: "written", text: "b" });
  const one = write(two, { type: "undone" });

  assert.equal(one.present, "a");
  assert.equal(write(one, { type: "undone" }).present, "");
  assert.deepEqual(write(one, { type: "redone" }), two);
});

test("nothing to undo or redo changes nothing", () => {
  const none = after();

  assert.equal(write(none, { type: "undone" }), none);
  assert.equal(write(none, { type: "redone" }), none);
});

test("a new step removes what was undone", () => {
  const state = after({ type: "written", text: "a" }, { type: "undone" }, { type: "written", text: "b" });

  assert.deepEqual(state, { past: [""], present: "b", future: [] });
});

test("a continuation is undone together with its step", () => {
  const state = after({ type: "written", text: "a" }, { type: "continued", text: "b" }, { type: "continued", text: "c" });

  assert.equal(state.present, "abc");
  assert.equal(write(state, { type: "undone" }).present, "");
});

test("an action without effect is no step", () => {
  const state = after({ type: "written", text: "a" });

  assert.equal(write(state, { type: "written", text: "" }), state);
});

test("the oldest steps are forgotten", () => {
  const state = after(...Array.from({ length: UNDO_DEPTH + 5 }, () => ({ type: "written", text: "a" })));

  assert.equal(state.past.length, UNDO_DEPTH);
  assert.equal(state.past[0], "aaaaa");
});
