// @ts-check
/** @import { Plane, Shown } from "../types.js" */
/** @import { ColorScale } from "../draw/color-scale.js" */
import { build } from "../dom/build.js";
import { buildButton } from "../dom/button.js";
import { enlarge, paintPlane } from "../draw/plane.js";

/** @type {[Shown, string][]} */
const CHOICES = [["now", "Now"], ["held", "Held"], ["difference", "Now − held"]];

/**
 * The held digit, and which the maps show: this digit, the held one, or their difference.
 * @param {(shown: Shown) => void} choose
 * @param {AbortSignal} signal
 */
export function createCompareBar(choose, signal) {
  const digit = build("canvas", { class: "plane", width: 1, height: 1, role: "img", "aria-label": "The held digit" });
  const buttons = CHOICES.map(([shown, label]) => buildButton(label, () => choose(shown), { signal }));
  const root = build("div", { class: "compare-bar", hidden: true }, digit, build("div", { class: "choice", role: "group", "aria-label": "Maps show" }, ...buttons));

  return {
    root,
    /**
     * @param {{input: Plane, shown: Shown} | null} view  Null while none is held.
     * @param {ColorScale} ink
     */
    update(view, ink) {
      root.hidden = !view;
      if (!view) return;
      paintPlane(digit, view.input, ink, 1);
      enlarge(digit, 1);
      buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(CHOICES[i][0] === view.shown)));
    },
  };
}
