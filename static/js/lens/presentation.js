// @ts-check
// Shows one neuron: in the panel, as outlines of its receptive field, and to screen readers.
/** @import { Arithmetic, Bench, Neuron } from "../types.js" */
/** @import { Section } from "../network/selectors.js" */
/** @import { Look } from "./lens-view.js" */
/** @import { Values } from "./values.js" */
import { find, setText } from "../dom/find.js";
import { feedsOf, fieldBoxes } from "./field-view.js";
import { lensView } from "./lens-view.js";
import { nameOf } from "./neurons.js";
import { createReceptiveField } from "./receptive-field.js";
import { formatFixed } from "./rounding.js";

const SPOKEN_AFTER = 500; // Milliseconds without a change before a neuron is announced.

/**
 * @param {Bench} bench
 * @param {Values} values
 * @param {ReturnType<typeof import("./lens-panel.js").createLensPanel>} panel
 * @param {Map<string, HTMLElement>} roots  The sections of the page, by layer name.
 */
export function createPresentation(bench, values, panel, roots) {
  const { model, store, sections, signal } = bench;
  const field = createReceptiveField({
    pad: find(document, "#pad", HTMLCanvasElement), input: find(document, "#input-digit", HTMLCanvasElement), sections: roots,
  }, signal);
  const speech = createSpeech(panel.status);

  return {
    /** @param {Neuron} neuron  @param {Section} section  @param {Look} look */
    show(neuron, section, look) {
      field.measure();
      values.request(neuron.layer);
      const view = lensView(bench, values, section, neuron, look);
      panel.update(view);
      const { digit, response } = store.getState();
      const { arithmetic, exact, decimals } = view;
      field.update({
        ...fieldBoxes(model.layers, sections, neuron, digit, response?.framing),
        feeds: feedsOf(sections, values.layerBefore(section.layer), neuron.filter, arithmetic, { isExact: exact, decimals }),
      });
      speech.later(arithmetic && exact && !look.playing ? spoken(neuron, arithmetic, decimals) : null);
    },

    clear() {
      speech.later(null);
      field.clear();
    },

    /** Announce nothing more. */
    stop: () => speech.later(null),
  };
}

/** A neuron's announcement. @param {Neuron} neuron  @param {Arithmetic} arithmetic  @param {number} decimals */
function spoken(neuron, { after, computed }, decimals) {
  return `${nameOf(neuron)}: ${formatFixed(after?.kind === "function" ? after.computed : computed, decimals)}`;
}

/** Announce a text after a pause without changes. @param {HTMLElement} status */
function createSpeech(status) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  return {
    /** @param {string | null} text  Null: nothing. */
    later(text) {
      clearTimeout(timer);
      if (text !== null) timer = setTimeout(() => setText(status, text), SPOKEN_AFTER);
    },
  };
}
