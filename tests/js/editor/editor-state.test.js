// @ts-check
/** @import { EditorAction } from "../../../static/js/editor/editor-state.js" */
import assert from "node:assert/strict";
import test from "node:test";

import { createReducer, openingState, targetOf } from "../../../static/js/editor/editor-state.js";
import { editable } from "./specimens.js";

const LAYERS = [editable("conv1", 4, [1, 1, 2], [12, 10]), editable("conv2", 6, [4, 1, 1], [3, 8])];
const OPENING = openingState(LAYERS, []);
const reduce = createReducer(LAYERS);

/** @param {EditorAction[]} actions */
const after = (...actions) => actions.reduce(reduce, OPENING);

/** @param {number[]} weights  @returns {EditorAction} */
const change = (...weights) => ({ type: "kernelChanged", kernel: Float32Array.from(weights) });

/** @param {number[]} weights  @returns {EditorAction} */
const strokeOn = (...weights) => ({ type: "kernelChanged", kernel: Float32Array.from(weights), continues: true });

/** What is edited, in short. @param {ReturnType<typeof after>} state */
const editsOf = ({ edits: { present } }) => present.map(({ layer, filter, kernel, ablated, position }) =>
  [`${layer}/${filter}`, kernel && [...kernel], ablated, position && `${position.row},${position.column}`]);

test("the editor opens on the first kernel and the middle of its map", () => {
  assert.deepEqual(targetOf(OPENING), { layer: "conv1", filter: 0, position: null });
  assert.deepEqual(OPENING.position, { row: 6, column: 5 });
});

test("the edit of a filter follows the choice of its neurons", () => {
  const one = after({ type: "filterChosen", filter: 3 }, change(1, 2), { type: "scopeChosen", shared: false });

  assert.deepEqual(editsOf(one), [["conv1/3", [1, 2], false, "6,5"]]);
  const moved = reduce(one, { type: "positionChosen", position: { row: 0, column: 9 } });
  assert.deepEqual(editsOf(moved), [["conv1/3", [1, 2], false, "0,9"]]);
  assert.deepEqual(editsOf(reduce(moved, { type: "scopeChosen", shared: true })), [["conv1/3", [1, 2], false, null]]);
});

test("without an edit, a choice of neurons is no step to undo", () => {
  const state = after({ type: "scopeChosen", shared: false }, { type: "positionChosen", position: { row: 1, column: 1 } });

  assert.deepEqual(state.edits.past, []);
  assert.deepEqual(targetOf(state).position, { row: 1, column: 1 });
});

test("the choice of neurons follows the edit, when it is undone or its filter is chosen", () => {
  const state = after(change(1, 2), { type: "scopeChosen", shared: false });

  assert.equal(reduce(state, { type: "undone" }).shared, true);
  const other = [{ type: "filterChosen", filter: 1 }, { type: "scopeChosen", shared: true }, { type: "filterChosen", filter: 0 }];
  assert.equal(/** @type {EditorAction[]} */ (other).reduce(reduce, state).shared, false);
});

test("a stroke is undone as a whole", () => {
  const stroke = after(change(1, 0), strokeOn(1, 1), change(5, 5), { type: "undone" });

  assert.deepEqual(editsOf(stroke), [["conv1/0", [1, 1], false, null]]);
  assert.deepEqual(editsOf(reduce(stroke, { type: "undone" })), []);
  assert.deepEqual(editsOf(reduce(stroke, { type: "redone" })), [["conv1/0", [5, 5], false, null]]);
});

test("choosing something else is no step to undo", () => {
  const state = after(change(1, 0), { type: "layerChosen", layer: "conv2" }, { type: "mapsChosen", shown: "learned" }, { type: "undone" });

  assert.deepEqual(editsOf(state), []);
  assert.equal(state.layer, "conv2");
  assert.equal(state.shown, "learned");
});

test("a filter that is turned on again has the kernel that was painted before", () => {
  const off = after(change(1, 2), { type: "ablationToggled" });

  assert.deepEqual(editsOf(off), [["conv1/0", [1, 2], true, null]]);
  assert.deepEqual(editsOf(reduce(off, { type: "ablationToggled" })), [["conv1/0", [1, 2], false, null]]);
  assert.deepEqual(editsOf(after({ type: "ablationToggled" }, { type: "ablationToggled" })), []);
});

test("painting turns a filter on again", () => {
  assert.deepEqual(editsOf(after({ type: "ablationToggled" }, change(1, 2))), [["conv1/0", [1, 2], false, null]]);
});

test("the learned kernel comes back for the chosen neurons alone", () => {
  const state = after(change(1, 2), { type: "filterChosen", filter: 1 }, change(3, 4), { type: "kernelReset" });

  assert.deepEqual(editsOf(state), [["conv1/0", [1, 2], false, null]]);
});

test("a reset without edits is no step to undo", () => {
  assert.equal(after({ type: "allReset" }), OPENING);
  assert.equal(after({ type: "kernelReset" }), OPENING);
});

test("a smaller layer keeps the position inside its maps", () => {
  const state = after({ type: "channelChosen", channel: 2 }, { type: "filterChosen", filter: 2 }, { type: "layerChosen", layer: "conv2" });

  assert.deepEqual([state.filter, state.channel, state.position], [0, 0, { row: 2, column: 5 }]);
});

test("edits of another address have no past", () => {
  const opened = after(change(1, 2), { type: "editsOpened", edits: [] });

  assert.deepEqual(opened.edits, { past: [], present: [], future: [] });
});
