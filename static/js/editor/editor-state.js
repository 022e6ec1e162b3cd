// @ts-check
// What the visitor has edited and what is chosen. Knows no page and no request.
/** @import { KernelEdit } from "../types.js" */
/** @import { History } from "../shell/history.js" */
/** @import { EditableLayer } from "./editable-layers.js" */
/** @import { Target } from "./kernel-edits.js" */
import { history, startHistory } from "../shell/history.js";
import { numbersIn } from "../shell/url.js";
import { editOf, withEdit, withoutEdit, withScope } from "./kernel-edits.js";

/** @typedef {"edited" | "learned" | "difference"} ShownMaps */

/**
 * @typedef {object} EditorState
 * @property {History<KernelEdit[]>} edits
 * @property {string} layer
 * @property {number} filter
 * @property {number} channel  The input map whose weights are painted.
 * @property {boolean} shared  Whether an edit changes every neuron of the map; else the one at `position`.
 * @property {{row: number, column: number}} position
 * @property {ShownMaps} shown
 */

/**
 * @typedef {{type: "kernelChanged", kernel: Float32Array, continues?: boolean}
 *   | {type: "scopeChosen", shared: boolean} | {type: "positionChosen", position: {row: number, column: number}}
 *   | {type: "kernelReset"} | {type: "ablationToggled"} | {type: "allReset"} | {type: "undone"} | {type: "redone"}} EditAction
 *   `continues`: another cell of the same stroke.
 */

/**
 * @typedef {EditAction | {type: "editsOpened", edits: KernelEdit[]} | {type: "layerChosen", layer: string}
 *   | {type: "choicesOpened", choices: Choices} | {type: "filterChosen", filter: number} | {type: "channelChosen", channel: number}
 *   | {type: "mapsChosen", shown: ShownMaps}} EditorAction
 */

/**
 * The first kernel of the first layer, and the middle of its map.
 * @param {EditableLayer[]} layers
 * @param {KernelEdit[]} edits
 * @returns {EditorState}
 */
export function openingState(layers, edits) {
  const { name, mapSize: [height, width] } = layers[0];
  const position = { row: Math.floor(height / 2), column: Math.floor(width / 2) };
  return { edits: startHistory(edits), layer: name, filter: 0, channel: 0, shared: true, position, shown: "edited" };
}

/** What is chosen, besides the edits. @typedef {Omit<EditorState, "edits">} Choices */

/**
 * The choices as fields of a link: f=layer.filter.channel, o=row.column of the one neuron that edits change, m=maps shown.
 * @param {EditorState} state
 * @param {EditableLayer[]} layers
 */
export function fieldsOfChoices({ layer, filter, channel, shared, position, shown }, layers) {
  const chosen = [layers.findIndex(({ name }) => name === layer), filter, channel];
  return {
    f: chosen.some(Boolean) ? chosen.join(".") : null,
    o: shared ? null : `${position.row}.${position.column}`,
    m: shown === "edited" ? null : shown,
  };
}

/**
 * @param {URLSearchParams} fields
 * @param {EditableLayer[]} layers
 * @returns {Choices} Missing and damaged fields have their initial values.
 */
export function choicesFrom(fields, layers) {
  const { edits: _, ...opening } = openingState(layers, []);
  const index = Number((fields.get("f") ?? "0").split(".")[0]);
  const { name, filters, kernelShape: [channels], mapSize } = layers[index] ?? layers[0];
  const [, filter, channel] = numbersIn(fields, "f", [layers.length, filters, channels]) ?? [0, 0, 0];
  const position = numbersIn(fields, "o", [...mapSize]);
  const middle = { row: Math.floor(mapSize[0] / 2), column: Math.floor(mapSize[1] / 2) };
  const shown = /** @type {ShownMaps | undefined} */ (["learned", "difference"].find((each) => each === fields.get("m")));
  return {
    ...opening, layer: name, filter, channel, shared: !position, position: position ? { row: position[0], column: position[1] } : middle, shown: shown ?? "edited",
  };
}

/** What an edit would change now. @param {EditorState} state  @returns {Target} */
export function targetOf({ layer, filter, shared, position }) {
  return { layer, filter, position: shared ? null : position };
}

/**
 * Every change of the editor.
 * @param {EditableLayer[]} layers
 * @returns {(state: EditorState, action: EditorAction) => EditorState}
 */
export function createReducer(layers) {
  return (state, action) => {
    switch (action.type) {
      case "editsOpened":
        return followEdit({ ...state, edits: startHistory(action.edits) });
      case "choicesOpened":
        return { ...state, ...action.choices };
      case "layerChosen": {
        const [height, width] = layers.find(({ name }) => name === action.layer)?.mapSize ?? [1, 1];
        const position = { row: Math.min(state.position.row, height - 1), column: Math.min(state.position.column, width - 1) };
        return followEdit({ ...state, layer: action.layer, filter: 0, channel: 0, position });
      }
      case "filterChosen":
        return followEdit({ ...state, filter: action.filter });
      case "channelChosen":
        return { ...state, channel: action.channel };
      case "mapsChosen":
        return { ...state, shown: action.shown };
      default: {
        const chosen = action.type === "scopeChosen" ? { ...state, shared: action.shared }
          : action.type === "positionChosen" ? { ...state, position: action.position } : state;
        const edits = reduceHistory(state.edits, { ...action, target: targetOf(chosen) });
        if (edits === state.edits) return chosen;
        return action.type === "undone" || action.type === "redone" ? followEdit({ ...chosen, edits }) : { ...chosen, edits };
      }
    }
  };
}

/** The scope of the edit of the chosen filter, if it has one. @param {EditorState} state  @returns {EditorState} */
function followEdit(state) {
  const edit = state.edits.present.findLast(({ layer, filter }) => layer === state.layer && filter === state.filter);
  return edit ? { ...state, shared: !edit.position, position: edit.position ?? state.position } : state;
}

const reduceHistory = history(reduceEdits, (action) =>
  action.type === "positionChosen" || (action.type === "kernelChanged" && (action.continues ?? false)));

/**
 * @param {KernelEdit[]} edits
 * @param {EditAction & {target: Target}} action
 * @returns {KernelEdit[]}
 */
function reduceEdits(edits, action) {
  const { target } = action;
  const edit = editOf(edits, target);
  switch (action.type) {
    case "kernelChanged":
      return withEdit(edits, { ...target, kernel: action.kernel, ablated: false });
    case "kernelReset":
      return edit ? withoutEdit(edits, target) : edits;
    case "ablationToggled":
      if (!edit?.ablated) return withEdit(edits, { ...target, kernel: edit?.kernel ?? null, ablated: true });
      // What was painted before the filter was turned off comes back.
      return edit.kernel ? withEdit(edits, { ...edit, ablated: false }) : withoutEdit(edits, target);
    case "scopeChosen":
    case "positionChosen":
      return withScope(edits, target);
    case "allReset":
      return edits.length ? [] : edits;
    default:
      return edits; // Undo and redo are the history's.
  }
}
