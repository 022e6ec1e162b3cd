// @ts-check
// The maps of every layer as one picture for each layer: edited, learned, or the difference.
/** @import { LayerDescription, ThemeColors } from "../types.js" */
/** @import { Activations } from "../api/activations.js" */
/** @import { ShownMaps } from "./editor-state.js" */
import { build } from "../dom/build.js";
import { setText } from "../dom/find.js";
import { largestAbsolute } from "../draw/largest.js";
import { enlargeInto, paintSheet } from "../draw/plane.js";
import { createLegend, formatValue } from "../network/legend.js";
import { planesOf } from "../network/selectors.js";
import { differenceOf } from "../network/tensors.js";

const WIDEST = 900; // CSS pixels.
const HALF = 640; // From this width on, two layers stand side by side.
const LARGE_MAP = 20; // Columns; of larger maps, fewer stand side by side.

/**
 * @param {HTMLElement} list
 * @param {LayerDescription[]} layers
 */
export function createLayerMaps(list, layers) {
  const sheets = layers.map((layer) => {
    const note = build("span", { class: "sheet-note" });
    const canvas = build("canvas", { class: "plane", width: 1, height: 1, role: "img", "aria-label": `Maps of ${layer.name}` });
    const legends = build("div", { class: "legends" });
    list.append(build("li", { "data-layer": layer.name }, build("h3", {}, `${layer.name} `, note), canvas, legends));
    return { layer, note, canvas, legend: createLegend(legends, "maps") };
  });

  /**
   * @param {{learned: Activations, edited: Activations}} maps
   * @param {ShownMaps} shown
   * @param {ThemeColors} colors
   */
  return ({ learned, edited }, shown, { diverging }) => {
    const half = (list.clientWidth - parseFloat(getComputedStyle(list).columnGap)) / 2;
    const room = Math.min(WIDEST, half < HALF ? list.clientWidth : half);
    for (const { layer: { name, display_range: [low, high] }, note, canvas, legend } of sheets) {
      const difference = differenceOf(edited.tensors[name], learned.tensors[name]);
      const planes = planesOf({ edited: edited.tensors[name], learned: learned.tensors[name], difference }[shown]);
      paintSheet(canvas, planes, Math.min(planes.length, planes[0].width > LARGE_MAP ? 8 : 16), diverging, () => high);
      enlargeInto(canvas, room);
      legend.update([shown === "difference" ? -high : low, high], diverging, true);
      const largest = largestAbsolute(difference.data);
      setText(note, largest ? `largest change ${formatValue(largest, 2)}` : "unchanged");
      canvas.dataset.painted = shown;
    }
  };
}
