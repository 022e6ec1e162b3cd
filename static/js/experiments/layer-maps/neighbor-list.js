// @ts-check
// The nearest test digits of a layer as buttons that open them.
/** @import { LayerMap, Neighbor } from "../../api/layer-maps.js" */
import { build, resizeList } from "../../dom/build.js";
import { find, setText } from "../../dom/find.js";
import { formatValue } from "../../network/legend.js";
import { aDigit } from "../../network/prediction-bars.js";
import { paintTile } from "./map-view.js";
import { describeDigit } from "./sentences.js";

/**
 * @param {HTMLElement} list
 * @param {(index: number) => void} open
 * @param {AbortSignal} signal
 */
export function createNeighborList(list, open, signal) {
  /** @type {HTMLLIElement[]} */
  const items = [];
  /** @type {Neighbor[]} */
  let shown = [];

  /** @param {number} position */
  function make(position) {
    const button = build("button", { type: "button" }, build("canvas", { class: "plane", width: 28, height: 28, "aria-hidden": "true" }), build("span", { class: "class" }), build("small"));
    button.addEventListener("click", () => open(shown[position].index), { signal });
    return build("li", {}, button);
  }

  return {
    /** @param {Neighbor[]} neighbors  @param {LayerMap} map  @param {ImageBitmap | null} sheet */
    paint(neighbors, map, sheet) {
      shown = neighbors;
      resizeList(list, items, neighbors.length, make);
      neighbors.forEach(({ index, label, distance }, i) => {
        const button = find(items[i], "button", HTMLButtonElement);
        paintTile(find(button, "canvas", HTMLCanvasElement), sheet, map.indexes.indexOf(index));
        setText(find(button, ".class", HTMLElement), aDigit(label));
        setText(find(button, "small", HTMLElement), `distance ${formatValue(distance, 3)}`);
        const name = `${describeDigit(index, label)}, at distance ${formatValue(distance, 3)}`;
        if (button.getAttribute("aria-label") !== name) button.setAttribute("aria-label", name);
      });
    },
  };
}
