// @ts-check
// The digits of a cell, each with its label and its prediction.
/** @import { ConfusedDigit } from "../../api/errors.js" */
/** @import { Plane, ThemeColors } from "../../types.js" */
import { build } from "../../dom/build.js";
import { enlarge, paintPlane } from "../../draw/plane.js";
import { aDigit, percent } from "../../network/prediction-bars.js";
import { describeDigit } from "./figures.js";

const ZOOM = 2;

/** @typedef {{digit: ConfusedDigit, plane: Plane}} Tile */

/**
 * @param {HTMLElement} list
 * @param {(digit: ConfusedDigit) => void} open
 * @param {(digit: ConfusedDigit) => string} addressOf  Where a digit that is classified correctly is shown.
 * @param {AbortSignal} signal
 */
export function createDigitTiles(list, open, addressOf, signal) {
  /** @param {Tile} tile  @param {number | null} chosen  @param {ThemeColors} colors */
  function make({ digit, plane }, chosen, { ink }) {
    const canvas = build("canvas", { class: "plane", width: plane.width, height: plane.height, "aria-hidden": "true" });
    paintPlane(canvas, plane, ink, 1);
    enlarge(canvas, ZOOM);
    const words = [build("span", {}, digit.label === digit.predicted ? aDigit(digit.label) : `${aDigit(digit.label)}, not ${digit.predicted}`), build("small", {}, `${digit.predicted}: ${percent(digit.probability)}`)];
    const label = { "aria-label": describeDigit(digit) };
    if (digit.label === digit.predicted) return build("li", {}, build("a", { href: addressOf(digit), ...label }, canvas, ...words));
    const button = build("button", { type: "button", "aria-pressed": String(chosen === digit.index), "data-index": digit.index, ...label }, canvas, ...words);
    button.addEventListener("click", () => open(digit), { signal });
    return build("li", {}, button);
  }

  return {
    /** @param {Tile[]} tiles  @param {number | null} chosen  Index of the digit that is open.  @param {ThemeColors} colors */
    paint(tiles, chosen, colors) {
      list.replaceChildren(...tiles.map((tile) => make(tile, chosen, colors)));
    },
    /** @param {number | null} chosen */
    mark(chosen) {
      for (const button of list.querySelectorAll("button")) button.setAttribute("aria-pressed", String(Number(button.dataset.index) === chosen));
    },
  };
}
