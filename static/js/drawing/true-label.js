// @ts-check
// "It is really a 7": what the visitor says of the digit, once for all pages. A network cannot know it.
/** @import { Action, Digit, State } from "../types.js" */
import { findAll } from "../dom/find.js";

/**
 * Show and change the label of the digit, on pages that need it.
 * @param {{getState: () => State, dispatch: (action: Action) => void}} store
 * @param {AbortSignal} signal
 */
export function wireTrueLabel(store, signal) {
  const buttons = findAll(document, "#true-label button", HTMLButtonElement);
  for (const button of buttons) {
    button.addEventListener("click", () => {
      const label = Number(button.dataset.label);
      store.dispatch({ type: "labelChosen", label: label === store.getState().digit.label ? null : label });
    }, { signal });
  }
  return {
    /** @param {Digit} digit */
    show({ label }) {
      for (const button of buttons) button.setAttribute("aria-pressed", String(Number(button.dataset.label) === label));
    },
  };
}
