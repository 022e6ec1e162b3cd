// @ts-check
// One kernel over the digit, as elements: the window on the digit, the kernel, the sum and the painted cell.
/** @import { Box, LayerDescription, Pair, Plane } from "../types.js" */
/** @import { Coloring } from "./equation.js" */
import { build } from "../dom/build.js";
import { setText } from "../dom/find.js";
import { draw } from "../dom/svg.js";
import { enlargeInto, paintPlane } from "../draw/plane.js";
import { createStage } from "../draw/sweep-stage.js";
import { RELU } from "./arithmetic.js";
import { formatFixed } from "./rounding.js";

/** @type {Pair} */
const NO_PADDING = [0, 0];
const KERNEL_SHARE = 0.62; // Of the room for a map, unless the kernel is as large as the digit.

/**
 * @typedef {object} FirstSweepView
 * @property {Plane} reads       The input of the layer.
 * @property {Box} window        On it; may reach into padding.
 * @property {Plane | null} kernel  Null until it is loaded.
 * @property {Plane} map
 * @property {Box} cell          The painted cell.
 * @property {number} painted    Cells painted so far.
 * @property {number} number     Of the filter.
 * @property {string} name       What it responds to; empty if unknown.
 * @property {number} products
 * @property {number | null} sum  Of the products and the bias; null until the exact values are known.
 * @property {number} decimals
 * @property {{reads: Coloring, kernel: Coloring, map: Coloring}} colorings
 */

/**
 * @param {HTMLElement} root  Where the figure is put.
 * @param {LayerDescription} layer
 * @param {{activation: string | null, together: boolean, readsName: string}} kind  The function that follows; whether the map holds all neurons of the layer.
 */
export function createFirstSweepView(root, layer, { activation, together, readsName }) {
  const padding = layer.padding ?? NO_PADDING;
  const [reads, paints] = [createStage("reads"), createStage("paints")];
  const map = /** @type {HTMLCanvasElement} */ (paints.root.querySelector("canvas"));
  const digit = /** @type {HTMLCanvasElement} */ (reads.root.querySelector("canvas"));
  for (const [name, value] of Object.entries({ tabindex: "0", role: "application", "aria-roledescription": "feature map", "aria-describedby": "sweep-keys" })) map.setAttribute(name, value);
  map.removeAttribute("aria-hidden");
  const kernel = build("canvas", { class: "plane", width: 1, height: 1, role: "img" });
  const kernelName = build("figcaption");
  const sum = build("b");
  const [before, after] = [build("span"), build("span")];
  const equation = build("p", { class: "sweep-sum" }, before, sum, after, build("span", {}, "→ this cell"));
  const ties = draw("svg", { class: "sweep-ties", "aria-hidden": "true" });
  const beams = [0, 1].map(() => draw("polygon"));
  ties.append(...beams);
  root.append(reads.root, build("figure", { class: "sweep-kernel" }, build("div", {}, kernel), kernelName, equation), paints.root, ties);
  /** Positions in the figure, until the layout changes. @type {DOMRect[] | null} */
  let rectangles = null;
  /** The largest side of a stage, in CSS pixels; 0: not read yet. */
  let room = 0;

  function measure() {
    const { left, top, width, height } = root.getBoundingClientRect();
    ties.setAttribute("viewBox", `0 0 ${width} ${height}`);
    return [digit, kernel, map].map((element) => {
      const box = element.getBoundingClientRect();
      return new DOMRect(box.left - left, box.top - top, box.width, box.height);
    });
  }

  return {
    map,
    /** The layout may have changed. */
    forgetLayout() {
      rectangles = null;
      room = 0;
    },

    /** @param {FirstSweepView} view */
    update(view) {
      const { kernel: weights, colorings, number } = view;
      // Read once: after the maps' texts have changed, the browser computes all styles anew to give one value.
      room ||= parseFloat(getComputedStyle(root).getPropertyValue("--sweep-room"));
      const noun = together ? "neuron" : "filter";
      reads.update({ plane: view.reads, padding, box: view.window, painted: Infinity, room, caption: readsName }, colorings.reads);
      paints.update({
        plane: view.map, padding: NO_PADDING, box: view.cell, painted: view.painted, room,
        caption: together ? `all ${view.map.data.length} neurons` : `map ${number}`,
      }, colorings.map);
      map.setAttribute("aria-label", together ? "All neurons, large" : `Map of filter ${number}, large`);
      if (weights) {
        paintPlane(kernel, weights, colorings.kernel.scale, colorings.kernel.range);
        enlargeInto(kernel, layer.kernel_size ? room * KERNEL_SHARE : room);
      }
      kernel.setAttribute("aria-label", `Weights of ${noun} ${number}`);
      setText(kernelName, together ? `neuron ${number}` : `kernel ${number}`);
      const text = view.sum === null ? "…" : formatFixed(view.sum, view.decimals);
      setText(before, `${view.products.toLocaleString("en")} products + bias`);
      setText(sum, text);
      const rectified = view.sum === null ? "…" : formatFixed(Math.max(0, view.sum), view.decimals);
      setText(after, activation === RELU ? `ReLU ${rectified}\u00a0` : activation ? `then ${activation}\u00a0` : "");
      tie(view);
    },
  };

  /** Draw what becomes what: window, kernel, cell. @param {FirstSweepView} view */
  function tie({ window: seen, cell, reads: plane, map: painted }) {
    const [from, over, to] = (rectangles ??= measure());
    const [above, left] = padding;
    const size = { width: plane.width + 2 * left, height: plane.height + 2 * above };
    const patch = within(from, { ...seen, top: seen.top + above, left: seen.left + left }, size);
    const target = within(to, cell, painted);
    beams[0].setAttribute("points", quadrilateral(patch.right, patch.top, patch.bottom, over.left, over.top, over.bottom));
    beams[1].setAttribute("points", quadrilateral(over.right, over.top, over.bottom, target.left, target.top, target.bottom));
  }
}

/** @param {DOMRect} rectangle  @param {Box} box  @param {{width: number, height: number}} cells */
function within(rectangle, { top, left, height, width }, cells) {
  const [down, right] = [rectangle.height / cells.height, rectangle.width / cells.width];
  return new DOMRect(rectangle.left + left * right, rectangle.top + top * down, width * right, height * down);
}

/** @param {number[]} corners  x, top, bottom of the left side, then of the right side. */
function quadrilateral(...[x, top, bottom, x2, top2, bottom2]) {
  return `${x},${top} ${x2},${top2} ${x2},${bottom2} ${x},${bottom}`;
}
