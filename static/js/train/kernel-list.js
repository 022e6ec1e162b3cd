// @ts-check
// The kernels of a training run, repainted in place.
import { build, resizeList } from "../dom/build.js";
import { find } from "../dom/find.js";
import { largestAbsolute } from "../draw/largest.js";
import { enlarge, paintPlane } from "../draw/plane.js";
/** @import { ThemeColors } from "../types.js" */

const KERNEL = 72; // CSS pixels, about.
const FIRST_RANGE = 0.3;

/**
 * @param {HTMLElement} list
 * @param {{update: (range: [number, number], scale: ThemeColors["diverging"]) => void}} legend
 */
export function createKernelList(list, legend) {
  /** @type {HTMLLIElement[]} */
  const items = [];
  // The end of the color scale only grows, so that kernels can be compared over time.
  let range = FIRST_RANGE;
  return {
    /** Begin a new run. */
    reset() {
      range = FIRST_RANGE;
    },
    /**
     * @param {number[][][]} kernels
     * @param {ThemeColors} colors
     */
    paint(kernels, { diverging }) {
      range = Math.max(range, largestAbsolute(kernels.flat(2)));
      legend.update([-range, range], diverging);
      resizeList(list, items, kernels.length, (number) =>
        build("li", {},
          build("canvas", { class: "plane", width: 5, height: 5, role: "img", "aria-label": `Kernel ${number}` }),
          build("span", {}, String(number))));
      kernels.forEach((kernel, number) => {
        const canvas = find(items[number], "canvas", HTMLCanvasElement);
        const plane = { width: kernel.length, height: kernel.length, data: Float32Array.from(kernel.flat()) };
        paintPlane(canvas, plane, diverging, range);
        enlarge(canvas, Math.floor(KERNEL / kernel.length));
      });
    },
  };
}
