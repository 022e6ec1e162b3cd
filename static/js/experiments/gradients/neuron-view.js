// @ts-check
// What a kernel reads and δ of its map, with one neuron's contribution written out.
/** @import { Plane, ThemeColors } from "../../types.js" */
/** @import { AssemblyState, Gradients } from "./assembly-state.js" */
import { build } from "../../dom/build.js";
import { find, setText } from "../../dom/find.js";
import { largestAbsolute } from "../../draw/largest.js";
import { enlarge, paintPlane } from "../../draw/plane.js";
import { createNumberGrid } from "../../lens/number-grid.js";
import { commonPower } from "../../network/common-power.js";
import { createLegend } from "../../network/legend.js";
import { patchOf } from "./contributions.js";

/**
 * @param {HTMLElement} root
 * @param {HTMLElement} legends
 */
export function createNeuronView(root, legends) {
  const inputCanvas = find(root, "#assembly-input", HTMLCanvasElement);
  const deltaCanvas = find(root, "#assembly-delta", HTMLCanvasElement);
  const [inputBox, deltaBox] = [inputCanvas, deltaCanvas].map((canvas) => find(/** @type {HTMLElement} */ (canvas.parentElement), ".box", HTMLElement));
  const patchGrid = createNumberGrid("patch");
  const productGrid = createNumberGrid("contribution");
  const factor = build("b", { class: "factor" });
  find(root, "#assembly-product", HTMLElement).append(factor, patchGrid.root, build("span", { "aria-hidden": "true" }, "="), productGrid.root);
  const deltaLegend = createLegend(legends, "δ");
  const productLegend = createLegend(legends, "contribution");

  return {
    canvas: deltaCanvas,

    /** @param {number} room  CSS pixels for each canvas. */
    layOut(room) {
      for (const canvas of [inputCanvas, deltaCanvas]) enlarge(canvas, Math.max(1, Math.floor(room / canvas.width)));
    },

    /**
     * @param {Gradients} gradients
     * @param {AssemblyState} state
     * @param {number} range  The largest |δ| of all maps.
     * @param {ThemeColors} colors
     */
    paint({ inputs, range: inputRange, deltas, window }, { filter, neuron, added }, range, { diverging, ink }) {
      const [input, map] = [inputs[filter], deltas[filter]];
      const reads = inputRange === null ? { scale: ink, range: 1 } : { scale: diverging, range: inputRange };
      const [row, column] = [Math.floor(neuron / map.width), neuron % map.width];
      const delta = map.data[neuron];
      const patch = patchOf(input, window, row, column);
      const [rows, columns] = window.size;
      paintPlane(inputCanvas, input, reads.scale, reads.range);
      paintPlane(deltaCanvas, added < map.data.length ? firstCells(map, added) : map, diverging, range);
      deltaLegend.update([-range, range], diverging);
      productLegend.update([-range, range], diverging);
      setText(find(root, "#assembly-map", HTMLElement), `map ${filter}`);
      // In the units of δ, as pixels are at most 1 and normalized ones not much more.
      const { times, textOf } = commonPower(Math.abs(delta));
      setText(factor, `δ ${textOf(delta)}${times} ×`);
      patchGrid.update({ rows, columns, label: "patch", textOf: (i) => (patch[i] ? patch[i].toFixed(2) : "0"), pixelOf: (i) => reads.scale.pixelOf(patch[i], reads.range) });
      productGrid.update({
        rows, columns, label: `contribution${times}`, textOf: (i) => textOf(delta * patch[i]), pixelOf: (i) => diverging.pixelOf(delta * patch[i], range),
      });
      const [tall, wide] = window.stride;
      placeBox(inputBox, inputCanvas, row * tall - window.padding[0], column * wide - window.padding[1], window.size);
      placeBox(deltaBox, deltaCanvas, row, column, [1, 1]);
      root.dataset.neuron = `${filter},${row},${column}`;
    },
  };
}

/** The largest |δ| of all maps, for the ends of the colors. @param {Plane[]} deltas */
export function rangeOf(deltas) {
  return Math.max(...deltas.map(({ data }) => largestAbsolute(data))) || 1;
}

/**
 * @param {HTMLElement} box
 * @param {HTMLCanvasElement} canvas
 * @param {number} row
 * @param {number} column
 * @param {[number, number]} size  Rows and columns.
 */
function placeBox(box, canvas, row, column, [rows, columns]) {
  const zoom = parseFloat(canvas.style.inlineSize) / canvas.width;
  box.hidden = false;
  box.style.insetInlineStart = `${column * zoom}px`;
  box.style.insetBlockStart = `${row * zoom}px`;
  box.style.inlineSize = `${columns * zoom}px`;
  box.style.blockSize = `${rows * zoom}px`;
}

/** @param {Plane} plane  @param {number} count  @returns {Plane} The rest is zero. */
function firstCells({ width, height, data }, count) {
  return { width, height, data: data.map((value, i) => (i < count ? value : 0)) };
}
