// @ts-check
// Compares the drawn digit with one that is held. Loaded when a digit is first held.
/** @import { ActivationsResponse, Bench, Plane, Shown, Tensor } from "../types.js" */
import { requestActivations } from "../api/activations.js";
import { find, setText } from "../dom/find.js";
import { planeOf, planesOf } from "../network/selectors.js";
import { differencesOf } from "../network/tensors.js";
import { createCompareBar } from "./compare-bar.js";

/** @param {Bench} bench */
export function createComparison(bench) {
  const hold = find(document, "#hold", HTMLButtonElement);
  const bar = createCompareBar((wanted) => {
    shown = wanted;
    show();
  }, bench.signal);
  hold.after(bar.root);
  /** @type {{tensors: Record<string, Tensor>, exact: Record<string, Tensor>} | null} */
  let held = null;
  /** @type {Shown} */
  let shown = "difference";

  function show() {
    hold.setAttribute("aria-pressed", String(Boolean(held)));
    setText(hold, held ? "Let go" : "Hold this digit");
    bar.update(held && { input: planeOf(held.tensors.input), shown }, bench.colors().ink);
    bench.repaint();
  }

  return {
    /** Hold the digit that is shown now, with the maps of all layers, or release the held one. */
    async toggle() {
      if (held) {
        held = null;
      } else {
        const { digit } = bench.store.getState();
        try {
          const layers = bench.model.layers.map(({ name }) => name);
          // Half precision like the page's maps, so that a digit does not differ from itself; single precision for the lens.
          const [{ tensors }, { tensors: exact }] = await Promise.all([
            requestActivations(bench.model.id, digit, { layers }),
            requestActivations(bench.model.id, digit, { layers, dtype: "float32" }),
          ]);
          held = { tensors, exact };
          shown = "difference";
        } catch (error) {
          bench.fail(error);
        }
      }
      show();
    },

    /** The response with the maps to show. @param {ActivationsResponse} response  @returns {ActivationsResponse} */
    shown(response) {
      if (!held || shown === "now") return response;
      const { tensors } = held;
      if (shown === "held") return { ...response, tensors };
      return { ...response, compared: true, tensors: differencesOf(response.tensors, tensors) };
    },

    /** The same map of the held digit. @param {string} layer  @param {number} filter  @returns {Plane | null} */
    heldMap(layer, filter) {
      return held ? planesOf(held.exact[layer])[filter] : null;
    },

    repaint: show,
  };
}
