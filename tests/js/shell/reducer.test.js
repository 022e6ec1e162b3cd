// @ts-check
/** @import { Action, Digit, Point, State } from "../../../static/js/types.js" */
import assert from "node:assert/strict";
import test from "node:test";

import { initialState, reduce } from "../../../static/js/shell/reducer.js";

/** @type {Digit} */
const BLANK = { kind: "strokes", strokes: [], penWidth: 0.05 };

/** @param {Action[]} actions */
const after = (...actions) => actions.reduce(reduce, initialState(BLANK, 0.05));

/** @param {State} state */
const strokesOf = ({ digit }) => (digit.kind === "strokes" ? digit.strokes : null);

/** @type {Action[]} */
const STROKE = [
  { type: "strokeStarted", point: [0, 0.5] },
  { type: "strokeExtended", points: [[0.5, 0.5]] },
  { type: "strokeExtended", points: [[1, 0.5]] },
];

test("a whole stroke is undone and redone in one step", () => {
  const drawn = after(...STROKE);
  const undone = reduce(drawn, { type: "undone" });

  assert.deepEqual(strokesOf(drawn), [[[0, 0.5], [0.5, 0.5], [1, 0.5]]]);
  assert.deepEqual(strokesOf(undone), []);
  assert.equal(reduce(undone, { type: "redone" }).digit, drawn.digit);
});

test("one pass of the eraser is undone in one step", () => {
  const drawn = after(...STROKE);
  const erased = [0.47, 0.5, 0.53].reduce(
    (state, x, i) => reduce(state, { type: i ? "erased" : "eraseStarted", points: [/** @type {Point} */ ([x, 0.5])] }), drawn,
  );

  assert.equal(strokesOf(erased)?.length, 2);
  assert.equal(reduce(erased, { type: "undone" }).digit, drawn.digit);
});

test("a new stroke removes what was undone", () => {
  const state = after(...STROKE, { type: "undone" }, { type: "strokeStarted", point: [0.2, 0.2] });

  assert.deepEqual(state.future, []);
  assert.deepEqual(strokesOf(state), [[[0.2, 0.2]]]);
});

test("the pen width redraws the drawing and is no step to undo", () => {
  const state = after(...STROKE, { type: "penWidthChosen", penWidth: 0.1 });

  assert.equal(state.digit.kind === "strokes" && state.digit.penWidth, 0.1);
  assert.equal(state.penWidth, 0.1);
  assert.equal(state.past.length, 1);
});

test("clearing a blank pad is no step to undo", () => {
  assert.equal(after({ type: "cleared" }).past.length, 0);
});

test("a test digit is neither extended nor erased, and undo brings the drawing back", () => {
  const drawn = after(...STROKE);
  const chosen = reduce(drawn, { type: "digitChosen", digit: { kind: "sample", index: 7 } });

  assert.equal(reduce(chosen, { type: "strokeExtended", points: [[0, 0]] }).digit, chosen.digit);
  assert.equal(reduce(chosen, { type: "eraseStarted", points: [[0, 0]] }).digit, chosen.digit);
  assert.equal(reduce(chosen, { type: "undone" }).digit, drawn.digit);
});

test("a response to an older request is ignored", () => {
  let state = after();

  const sequences = [2, 1, 3].map((sequence) => {
    const response = /** @type {any} */ ({ sequence, digit: BLANK, tensors: {} });
    state = reduce(state, { type: "responseReceived", response });
    return state.response?.sequence;
  });

  assert.deepEqual(sequences, [2, 2, 3]);
});

test("layers received before are kept for the same digit and for no other", () => {
  /** @type {Digit[]} */
  const [three, four] = [{ kind: "sample", index: 3 }, { kind: "sample", index: 4 }];
  let state = after();

  const layers = /** @type {[Digit, string][]} */ ([[three, "conv1"], [three, "conv2"], [four, "conv2"]]).map(([digit, layer], i) => {
    const response = /** @type {any} */ ({ sequence: i + 1, digit, tensors: { [layer]: i } });
    state = reduce(state, { type: "responseReceived", response });
    return state.response?.tensors;
  });

  assert.deepEqual(layers, [{ conv1: 0 }, { conv1: 0, conv2: 1 }, { conv2: 2 }]);
});

test("pinning a neuron isolates its map, which stays isolated while neurons of the map are pinned", () => {
  const neuron = { layer: "conv1", filter: 2, row: 0, column: 0 };
  const first = after({ type: "neuronPinned", neuron });
  const second = reduce(first, { type: "neuronPinned", neuron: { ...neuron, row: 1 } });
  const other = reduce(second, { type: "neuronPinned", neuron: { ...neuron, filter: 3 } });
  const ended = reduce(other, { type: "isolationEnded" });

  assert.equal(second.isolated, first.isolated);
  assert.deepEqual(other.isolated, { layer: "conv1", filter: 3 });
  assert.deepEqual([ended.isolated, ended.neuron], [null, null]);
});

test("what a digit really is goes with the drawing: further strokes keep it, undo and redo follow, clearing ends it", () => {
  /** @param {State} state */
  const labelOf = ({ digit }) => digit.label;
  const labeled = after(...STROKE, { type: "labelChosen", label: 7 });
  const longer = STROKE.reduce(reduce, labeled);
  const shorter = reduce(longer, { type: "undone" });

  assert.deepEqual([labeled, longer, shorter].map(labelOf), [7, 7, 7]);
  assert.equal(labelOf(reduce(shorter, { type: "undone" })), undefined);
  assert.equal(labelOf(reduce(longer, { type: "cleared" })), undefined);
  assert.equal(labelOf(reduce(reduce(longer, { type: "cleared" }), { type: "undone" })), 7);
  assert.equal("label" in reduce(labeled, { type: "labelChosen", label: null }).digit, false);
});

test("a stroke over a labeled test digit begins a drawing without its label", () => {
  const state = after({ type: "digitChosen", digit: { kind: "sample", index: 3, label: 2 } }, ...STROKE);

  assert.deepEqual([state.digit.kind, state.digit.label], ["strokes", undefined]);
});
