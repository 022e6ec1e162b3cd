// @ts-check
// The kernels of a training run, repainted in place; dead filters are marked.
/** @import { ColorScale } from "../draw/color-scale.js" */
import { build, resizeList } from "../dom/build.js";
import { find, setText } from "../dom/find.js";
import { enlarge, paintPlane, planeOfRows } from "../draw/plane.js";

const KERNEL = 72; // CSS pixels, about.

/** @param {HTMLElement} list */
export function createKernelList(list) {
  /** @type {HTMLLIElement[]} */
  const items = [];
  return {
    /**
     * @param {number[][][]} kernels
     * @param {number[]} dead  Numbers of dead filters.
     * @param {ColorScale} scale
     * @param {number} range
     */
    paint(kernels, dead, scale, range) {
      resizeList(list, items, kernels.length, () =>
        build("li", {}, build("canvas", { class: "plane", width: 5, height: 5, role: "img" }), build("span", {})));
      kernels.forEach((kernel, number) => {
        const canvas = find(items[number], "canvas", HTMLCanvasElement);
        const isDead = dead.includes(number);
        items[number].classList.toggle("dead", isDead);
        setText(find(items[number], "span", HTMLElement), isDead ? `${number} dead` : String(number));
        canvas.setAttribute("aria-label", isDead ? `Kernel ${number}, dead` : `Kernel ${number}`);
        paintPlane(canvas, planeOfRows(kernel), scale, range);
        enlarge(canvas, Math.floor(KERNEL / kernel.length));
      });
    },
  };
}
