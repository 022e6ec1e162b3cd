// @ts-check
// Buttons and fields of the editor: each dispatches an action, and shows the state.
/** @import { EditableLayer } from "./editable-layers.js" */
/** @import { EditorAction, EditorState } from "./editor-state.js" */
import { build } from "../dom/build.js";
import { find, findAll, setText } from "../dom/find.js";
import { editOf } from "./kernel-edits.js";
import { formatWeight } from "./sentences.js";
import { targetOf } from "./editor-state.js";

/** @typedef {{getState: () => EditorState, dispatch: (action: EditorAction) => void}} EditorStore */

/** What an attribute of a button chooses, and the state's value that presses the button. @type {Record<string, {choose: (value: string) => EditorAction, shown: (state: EditorState) => string}>} */
const CHOICES = {
  layer: { choose: (layer) => ({ type: "layerChosen", layer }), shown: ({ layer }) => layer },
  shared: { choose: (value) => ({ type: "scopeChosen", shared: value === "true" }), shown: ({ shared }) => String(shared) },
  shown: { choose: (shown) => ({ type: "mapsChosen", shown: /** @type {EditorState["shown"]} */ (shown) }), shown: ({ shown }) => shown },
};

/**
 * @param {EditorStore} store
 * @param {{load: (preset: string) => void, repaint: () => void, signal: AbortSignal}} page  `load`: replace the kernel.
 */
export function wireControls(store, { load, repaint, signal }) {
  /** @param {string} selector  @param {(button: HTMLButtonElement) => void} act */
  function onClick(selector, act) {
    for (const button of findAll(document, selector, HTMLButtonElement)) button.addEventListener("click", () => act(button), { signal });
  }

  for (const [name, { choose }] of Object.entries(CHOICES)) {
    onClick(`.choice [data-${name}]`, ({ dataset }) => store.dispatch(choose(dataset[name] ?? "")));
  }
  onClick("[data-preset]", ({ dataset: { preset = "" } }) => (preset === "learned" ? store.dispatch({ type: "kernelReset" }) : load(preset)));
  onClick("#ablate", () => store.dispatch({ type: "ablationToggled" }));
  onClick("#edit-undo", () => store.dispatch({ type: "undone" }));
  onClick("#edit-redo", () => store.dispatch({ type: "redone" }));
  onClick("#edit-reset", () => store.dispatch({ type: "allReset" }));
  find(document, "#brush", HTMLInputElement).addEventListener("input", repaint, { signal });
  find(document, "#gabor", HTMLInputElement).addEventListener("input", () => load("gabor"), { signal });
  find(document, "#channel", HTMLSelectElement).addEventListener("change", ({ currentTarget }) => {
    store.dispatch({ type: "channelChosen", channel: Number(/** @type {HTMLSelectElement} */ (currentTarget).value) });
  }, { signal });
  for (const name of /** @type {const} */ (["row", "column"])) {
    const input = find(document, `#position-${name}`, HTMLInputElement);
    input.addEventListener("input", () => {
      if (!input.validity.valid || input.value === "") return;
      store.dispatch({ type: "positionChosen", position: { ...store.getState().position, [name]: input.valueAsNumber } });
    }, { signal });
  }
  // Within the editor the keys undo edits; elsewhere on the page, strokes.
  find(document, ".network", HTMLElement).addEventListener("keydown", (event) => {
    const key = event.key.toLowerCase();
    if (!(event.ctrlKey || event.metaKey) || event.altKey || (key !== "z" && key !== "y")) return;
    event.preventDefault();
    event.stopPropagation();
    store.dispatch({ type: key === "y" || event.shiftKey ? "redone" : "undone" });
  }, { signal });
}

/**
 * @param {EditorState} state
 * @param {EditableLayer} layer
 * @param {number} range  The weight at the end of the color scale.
 */
export function showControls(state, layer, range) {
  const { edits: { past, present, future }, filter, channel, shared, position } = state;
  const { name, kernelShape: [channels], mapSize: [height, width], shown } = layer;
  const isOff = editOf(present, targetOf(state))?.ablated ?? false;
  setText(find(document, "#paint-title", HTMLElement), `Kernel ${filter} of ${name}${isOff ? ", turned off" : ""}`);
  setText(find(document, "#map-title", HTMLElement), `Its map in ${shown.name}`);
  for (const [choice, { shown: pressed }] of Object.entries(CHOICES)) {
    for (const button of findAll(document, `.choice [data-${choice}]`, HTMLButtonElement)) {
      button.setAttribute("aria-pressed", String(button.dataset[choice] === pressed(state)));
    }
  }
  find(document, "#ablate", HTMLButtonElement).setAttribute("aria-pressed", String(isOff));
  find(document, "#edit-undo", HTMLButtonElement).disabled = !past.length;
  find(document, "#edit-redo", HTMLButtonElement).disabled = !future.length;
  find(document, "#edit-reset", HTMLButtonElement).disabled = !present.length;
  setText(find(document, "#brush-value", HTMLOutputElement), formatWeight(find(document, "#brush", HTMLInputElement).valueAsNumber * range));
  setText(find(document, "#gabor-value", HTMLOutputElement), `${find(document, "#gabor", HTMLInputElement).value}°`);
  const choice = find(document, "#channel", HTMLSelectElement);
  find(document, ".channel-choice", HTMLElement).hidden = channels === 1;
  if (choice.options.length !== channels) choice.replaceChildren(...Array.from({ length: channels }, (_, i) => build("option", { value: i }, String(i))));
  choice.value = String(channel);
  find(document, ".position-choice", HTMLElement).hidden = shared;
  for (const [axis, size] of /** @type {["row" | "column", number][]} */ ([["row", height], ["column", width]])) {
    const input = find(document, `#position-${axis}`, HTMLInputElement);
    input.max = String(size - 1);
    input.value = String(position[axis]);
  }
}
