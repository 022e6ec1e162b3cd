// @ts-check
// Two digits side by side: one is held, another is drawn. Loaded when a digit is first held.
/** @import { Answer, Plane, Shown, Tensor } from "../types.js" */
/** @import { Bench } from "./lens-wiring.js" */
import { postDigitExactly } from "../api/exact.js";
import { find, setText } from "../dom.js";
import { differenceOf } from "../state/arithmetic.js";
import { planesOf } from "../state/selectors.js";
import { createCompareBar } from "../views/compare-bar.js";

/** @param {Bench} bench */
export function createComparison(bench) {
  const hold = find(document, "#hold", HTMLButtonElement);
  const bar = createCompareBar({
    choose(wanted) {
      shown = wanted;
      show();
    },
  });
  hold.after(bar.root);
  /** @type {{tensors: Record<string, Tensor>, exact: Record<string, Tensor>} | null} */
  let held = null;
  /** @type {Shown} */
  let shown = "difference";

  function show() {
    hold.setAttribute("aria-pressed", String(Boolean(held)));
    setText(hold, held ? "Let go" : "Hold this digit");
    bar.update(held && { input: inputOf(held.tensors), shown }, bench.colors().ink);
    bench.repaint();
  }

  return {
    /** Hold the digit that is shown now, in all its layers; or let go of the one that is held. */
    async toggle() {
      if (held) {
        held = null;
      } else {
        const { digit } = bench.store.getState();
        try {
          const names = bench.model.layers.map(({ name }) => name);
          // Rounded as the page's maps are, or the same digit would differ from itself; and as it is, for the lens's numbers.
          const [tensors, exact] = await Promise.all([
            postDigitExactly(bench.model.id, digit, names, "float16"), postDigitExactly(bench.model.id, digit, names),
          ]);
          held = { tensors, exact };
          shown = "difference";
        } catch (error) {
          bench.fail(error);
        }
      }
      show();
    },

    /** What the maps show in place of an answer's own. @param {Answer} answer  @returns {Answer} */
    shown(answer) {
      if (!held || shown === "now") return answer;
      const { tensors } = held;
      if (shown === "held") return { ...answer, tensors };
      const names = Object.keys(answer.tensors).filter((name) => tensors[name]);
      return { ...answer, compared: true, tensors: Object.fromEntries(names.map((name) => [name, differenceOf(answer.tensors[name], tensors[name])])) };
    },

    /** The same map of the held digit. @param {string} layer  @param {number} filter  @returns {Plane | null} */
    heldMap(layer, filter) {
      return held ? planesOf(held.exact[layer])[filter] : null;
    },

    repaint: show,
  };
}

/** @param {Record<string, Tensor>} tensors  @returns {Plane} */
function inputOf({ input: { shape: [height, width], data } }) {
  return { width, height, data };
}
