// @ts-check
/** @import { Action, Digit, State } from "../types.js" */
import { eraseFrom } from "../drawing/erasing.js";
import { history } from "./history.js";

const ERASER_TO_PEN = 1.2; // The eraser is a little wider than the pen, so that one pass removes a line.

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
    response: null,
    isolated: null,
    neuron: null,
    training: null,
  };
}

/**
 * The state after an action.
 * @param {State} state
 * @param {Action} action
 * @returns {State}
 */
export function reduce(state, action) {
  switch (action.type) {
    case "strokeStarted":
    case "strokeExtended":
    case "eraseStarted":
    case "erased":
    case "undone":
    case "redone":
    case "cleared":
    case "digitChosen":
    case "labelChosen":
      return changeDigit(state, action);
    case "toolChosen":
      return { ...state, tool: action.tool };
    case "penWidthChosen":
      return { ...changeDigit(state, action), penWidth: action.penWidth };
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
    case "responseReceived": {
      const { response } = action;
      // A response to an older request must never replace a newer one.
      if (state.response && response.sequence <= state.response.sequence) return state;
      // Layers received before are still valid for the same digit and network. A response of earlier weights is always complete.
      if (response.digit !== state.response?.digit || response.training || state.response.training) return { ...state, response };
      return { ...state, response: { ...response, tensors: { ...state.response.tensors, ...response.tensors } } };
    }
  }
}

/**
 * Only the digit has an undo history, not the rest of the state.
 * @param {State} state
 * @param {Action} action
 * @returns {State}
 */
function changeDigit(state, action) {
  const step = history((/** @type {Digit} */ digit, /** @type {Action} */ each) => reduceDigit(digit, each, state.penWidth), continuesStep);
  const { past, present, future } = step({ past: state.past, present: state.digit, future: state.future }, action);
  return present === state.digit ? state : { ...state, past, digit: present, future };
}

/** @param {Action} action */
function continuesStep({ type }) {
  return type === "strokeExtended" || type === "erased" || type === "penWidthChosen";
}

/**
 * @param {Digit} digit
 * @param {Action} action
 * @param {number} penWidth  Of a new drawing.
 * @returns {Digit}
 */
function reduceDigit(digit, action, penWidth) {
  const strokes = digit.kind === "strokes" ? digit.strokes : [];
  switch (action.type) {
    case "strokeStarted":
      // A drawing keeps its label; a stroke over a test digit or an image begins a new drawing.
      return { ...(digit.kind === "strokes" && digit), kind: "strokes", strokes: [...strokes, [action.point]], penWidth };
    case "strokeExtended": {
      if (digit.kind !== "strokes" || !strokes.length) return digit;
      const last = strokes[strokes.length - 1];
      return { ...digit, strokes: [...strokes.slice(0, -1), [...last, ...action.points]] };
    }
    case "eraseStarted":
    case "erased": {
      if (digit.kind !== "strokes") return digit;
      const radius = (digit.penWidth * ERASER_TO_PEN) / 2 + 0.01;
      return { ...digit, strokes: eraseFrom(strokes, action.points, radius) };
    }
    case "cleared":
      return digit.kind === "strokes" && !strokes.length ? digit : { kind: "strokes", strokes: [], penWidth };
    case "digitChosen":
      return action.digit;
    case "labelChosen": {
      const { label, ...rest } = digit;
      if (action.label === (label ?? null)) return digit;
      return action.label === null ? rest : { ...rest, label: action.label };
    }
    case "penWidthChosen":
      // A drawing has one pen width: changing it redraws all strokes, so its effect on the maps can be seen.
      return digit.kind === "strokes" ? { ...digit, penWidth: action.penWidth } : digit;
    default:
      return digit;
  }
}
