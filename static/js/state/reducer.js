// @ts-check
/** @import { Action, Digit, State } from "../types.js" */
import { eraseFrom } from "./erasing.js";

const UNDO_DEPTH = 200;
const ERASER_TO_PEN = 1.2; // The eraser is a little wider than the pen, so that one pass takes a line away.

/**
 * @param {Digit} digit
 * @param {number} penWidth
 * @returns {State}
 */
export function initialState(digit, penWidth) {
  return {
    digit,
    past: [],
    future: [],
    tool: "pen",
    penWidth,
    rectified: true,
    boost: 0,
    answer: null,
    isolated: null,
    neuron: null,
    training: null,
  };
}

/**
 * Every change of the workbench.
 * @param {State} state
 * @param {Action} action
 * @returns {State}
 */
export function reduce(state, action) {
  switch (action.type) {
    case "strokeStarted": {
      const before = strokesOf(state);
      return { ...remember(state), digit: { kind: "strokes", strokes: [...before, [action.point]], penWidth: state.penWidth } };
    }
    case "strokeExtended": {
      if (state.digit.kind !== "strokes" || !state.digit.strokes.length) return state;
      const strokes = state.digit.strokes.slice();
      strokes.push([.../** @type {import("../types.js").Stroke} */ (strokes.pop()), ...action.points]);
      return { ...state, digit: { ...state.digit, strokes } };
    }
    case "eraseStarted":
      return state.digit.kind === "strokes" ? remember(state) : state;
    case "erased": {
      if (state.digit.kind !== "strokes") return state;
      const radius = (state.digit.penWidth * ERASER_TO_PEN) / 2 + 0.01;
      return { ...state, digit: { ...state.digit, strokes: eraseFrom(state.digit.strokes, action.points, radius) } };
    }
    case "undone": {
      const digit = state.past.at(-1);
      if (!digit) return state;
      return { ...state, digit, past: state.past.slice(0, -1), future: [state.digit, ...state.future] };
    }
    case "redone": {
      const [digit, ...future] = state.future;
      if (!digit) return state;
      return { ...state, digit, past: [...state.past, state.digit], future };
    }
    case "cleared":
      if (state.digit.kind === "strokes" && !state.digit.strokes.length) return state;
      return { ...remember(state), digit: { kind: "strokes", strokes: [], penWidth: state.penWidth } };
    case "digitChosen":
      return { ...remember(state), digit: action.digit };
    case "toolChosen":
      return { ...state, tool: action.tool };
    case "penWidthChosen": {
      // One drawing has one pen: changing it redraws what is there, so its effect on the maps can be seen.
      const digit = state.digit.kind === "strokes" ? { ...state.digit, penWidth: action.penWidth } : state.digit;
      return { ...state, penWidth: action.penWidth, digit };
    }
    case "rectificationChosen":
      return { ...state, rectified: action.rectified };
    case "boostChosen":
      return { ...state, boost: action.boost };
    case "trainingChosen":
      return { ...state, training: action.training };
    case "mapIsolated": {
      const same = state.isolated?.layer === action.layer && state.isolated.filter === action.filter;
      return { ...state, neuron: null, isolated: same ? null : { layer: action.layer, filter: action.filter } };
    }
    case "isolationEnded":
      return state.isolated || state.neuron ? { ...state, isolated: null, neuron: null } : state;
    case "neuronPinned": {
      const { layer, filter } = action.neuron;
      const same = state.isolated?.layer === layer && state.isolated.filter === filter;
      return { ...state, neuron: action.neuron, isolated: same ? state.isolated : { layer, filter } };
    }
    case "viewRestored": {
      const { neuron = null } = action.view;
      return { ...state, ...action.view, neuron, isolated: neuron && { layer: neuron.layer, filter: neuron.filter } };
    }
    case "answerReceived": {
      const { answer } = action;
      // An answer to an older question must never cover a newer one.
      if (state.answer && answer.sequence <= state.answer.sequence) return state;
      // Of the same digit and network, layers that were answered before are still true. Earlier weights answer in full.
      if (answer.digit !== state.answer?.digit || answer.training || state.answer.training) return { ...state, answer };
      return { ...state, answer: { ...answer, tensors: { ...state.answer.tensors, ...answer.tensors } } };
    }
  }
}

/** @param {State} state */
function strokesOf(state) {
  return state.digit.kind === "strokes" ? state.digit.strokes : [];
}

/**
 * @param {State} state
 * @returns {State}
 */
function remember(state) {
  return { ...state, past: [...state.past.slice(1 - UNDO_DEPTH), state.digit], future: [] };
}
