// @ts-check
/** @import { Plane, ThemeColors, Tuning } from "../../types.js" */
import { build } from "../../dom/build.js";
import { setText } from "../../dom/find.js";
import { enlarge, paintPlane } from "../../draw/plane.js";
import { formatValue } from "../../network/legend.js";
import { createPolarPlot } from "./polar-plot.js";

const KERNEL = 50; // CSS pixels: 5×5 at 10.
const TEMPLATE_ZOOM = 3; // Of a neuron's template, which has no map beside it.
const MAP = 84;

/**
 * One filter: its kernel, its map for the bar that is shown, and its tuning curve.
 * @param {() => void} choose  The card was pointed at.
 */
export function createTuningCard(choose) {
  const kernel = build("canvas", { class: "plane", width: 1, height: 1, role: "img" });
  const map = build("canvas", { class: "plane", width: 1, height: 1, role: "img" });
  const number = build("b");
  const value = build("span");
  const verdict = build("span", { class: "verdict" });
  const figures = build("small");
  const polar = createPolarPlot("Tuning curve");
  let called = "";
  const root = build("li", { class: "tuning-card" }, build("div", { class: "pair" }, build("div", { class: "side" }, kernel, number, " ", value), map), polar.root, verdict, figures);
  root.addEventListener("pointerenter", choose);

  return {
    root,
    polar,
    /** @param {"filter" | "neuron"} noun  @param {number} index */
    name(noun, index) {
      called = `${noun} ${index}`;
      setText(number, String(index));
    },
    /** @param {Plane} plane  @param {number} range  @param {ThemeColors} colors */
    showKernel(plane, range, colors) {
      kernel.setAttribute("aria-label", `Weights of ${called}`);
      paintPlane(kernel, plane, colors.diverging, range);
      enlarge(kernel, plane.width > KERNEL / 5 ? TEMPLATE_ZOOM : Math.floor(KERNEL / plane.width));
    },
    /** @param {Plane} plane  @param {number} range  @param {ThemeColors} colors */
    showMap(plane, range, colors) {
      const peak = plane.data.reduce((most, each) => Math.max(most, each), 0);
      // A map of one value has no positions; the value is shown beside the weights.
      map.hidden = plane.width === 1;
      // The value is in the line under the number.
      setText(value, peak > 0 ? `${map.hidden ? "" : "max"}\n${formatValue(peak, 2)}` : "\ninactive");
      if (map.hidden) return;
      paintPlane(map, plane, colors.diverging, range);
      map.setAttribute("aria-label", `Map of ${called}, largest value ${formatValue(peak, 2)}`);
      enlarge(map, Math.max(1, Math.floor(MAP / plane.width)));
    },
    /** @param {number[]} angles  @param {Tuning} before  @param {Tuning | null} pooled */
    showTuning(angles, before, pooled) {
      const { verdict: word, preferred, selectivity } = before;
      root.dataset.verdict = word;
      root.dataset.filter = String(before.filter);
      setText(verdict, preferred === null ? word : `${word} ${selectivity.toFixed(2)}`);
      const sums = describePreferred(before);
      const after = pooled && pooled.preferred !== null ? `pooled: ${Math.round(pooled.preferred) % 180}°, ${pooled.selectivity.toFixed(2)}` : "";
      figures.replaceChildren(sums, ...(after ? [build("br"), after] : []));
      polar.update({ angles, before: before.activations, pooled: pooled?.activations ?? null, preferred, label: `Tuning of ${called}: ${word}, ${sums}` });
    },
  };
}

/** @param {Tuning} tuning */
export function describePreferred({ preferred }) {
  return preferred === null ? "no activation at any angle" : `prefers ${Math.round(preferred) % 180}°`;
}
