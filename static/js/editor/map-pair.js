// @ts-check
// The map of the chosen filter with the learned and with the edited kernels, side by side; on the edited one, a neuron is chosen.
/** @import { ThemeColors } from "../types.js" */
/** @import { Activations } from "../api/activations.js" */
/** @import { EditableLayer } from "./editable-layers.js" */
/** @import { EditorState } from "./editor-state.js" */
import { find, setText } from "../dom/find.js";
import { stepWithin } from "../dom/grid-keys.js";
import { enlargeInto, paintPlane } from "../draw/plane.js";
import { createLegend } from "../network/legend.js";
import { planesOf } from "../network/selectors.js";
import { targetOf } from "./editor-state.js";
import { editOf } from "./kernel-edits.js";
import { describeEditedMap, describeScope } from "./sentences.js";

/**
 * @param {HTMLElement} legends
 * @param {(position: {row: number, column: number}) => void} choose  A neuron was pointed at.
 * @param {AbortSignal} signal
 */
export function createMapPair(legends, choose, signal) {
  const canvases = { learned: find(document, "#map-learned", HTMLCanvasElement), edited: find(document, "#map-edited", HTMLCanvasElement) };
  const box = find(document, ".marked .box", HTMLElement);
  const sentence = find(document, "#scope-sentence", HTMLElement);
  const figure = /** @type {HTMLElement} */ (canvases.edited.closest("figure"));
  const caption = find(figure, "figcaption", HTMLElement);
  const legend = createLegend(legends, "maps");

  canvases.edited.addEventListener("pointerdown", ({ offsetX, offsetY, currentTarget }) => {
    const { clientWidth, width, height } = /** @type {HTMLCanvasElement} */ (currentTarget);
    const zoom = clientWidth / width;
    choose(stepWithin({ row: Math.floor(offsetY / zoom), column: Math.floor(offsetX / zoom) }, [0, 0], [height, width]));
  }, { signal });

  return {
    /**
     * @param {EditorState} state
     * @param {EditableLayer} layer
     * @param {{learned: Activations, edited: Activations}} maps
     * @param {ThemeColors} colors
     * @returns {number} How many values differ.
     */
    paint(state, { shown }, { learned, edited }, { diverging }) {
      const planes = { learned: planesOf(learned.tensors[shown.name])[state.filter], edited: planesOf(edited.tensors[shown.name])[state.filter] };
      const range = shown.display_range;
      legend.update(range, diverging, true);
      const room = matchMedia("(max-width: 760px)").matches ? 140 : 196;
      for (const name of /** @type {const} */ (["learned", "edited"])) {
        paintPlane(canvases[name], planes[name], diverging, range[1]);
        enlargeInto(canvases[name], room);
      }
      const zoom = Math.max(1, Math.floor(room / planes.edited.width));
      box.hidden = state.shared;
      box.style.insetInlineStart = `${state.position.column * zoom}px`;
      box.style.insetBlockStart = `${state.position.row * zoom}px`;
      box.style.inlineSize = box.style.blockSize = `${zoom}px`;
      const changed = planes.edited.data.reduce((count, value, i) => count + Number(value !== planes.learned.data[i]), 0);
      const edit = editOf(state.edits.present, targetOf(state));
      figure.toggleAttribute("data-off", Boolean(edit?.ablated && state.shared));
      setText(caption, describeEditedMap(edit));
      setText(sentence, describeScope(state, changed, planes.edited.data.length));
      return changed;
    },
  };
}
