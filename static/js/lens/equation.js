// @ts-check
/** @import { Arithmetic, Pair } from "../types.js" */
/** @import { ColorScale } from "../draw/color-scale.js" */
import { build } from "../dom/build.js";
import { setText } from "../dom/find.js";
import { insideOf } from "../draw/grid-geometry.js";
import { isHole } from "./arithmetic.js";
import { createNumberGrid } from "./number-grid.js";
import { formatFixed, formatUnits, roundParts } from "./rounding.js";

const WIDE = 5; // From this many columns on, patch values have two decimals to fit; the table of all decimals has the rest.

/**
 * How values of one kind are colored: the scale, and the value at its end.
 * @typedef {{scale: ColorScale, range: number}} Coloring
 */

/**
 * Patch × kernel = products of one input channel, as three grids; for pooling, only the patch, with its largest value marked.
 */
export function createEquation() {
  const [patch, kernel, products] = ["patch", "kernel", "products"].map(createNumberGrid);
  const [times, equals] = ["×", "="].map((sign) => build("span", { class: "operator", "aria-hidden": "true" }, sign));
  const sum = build("p", { class: "channel-sum" });
  const root = build("div", { class: "equation" }, patch.root, times, kernel.root, equals, products.root, sum);

  return {
    root,
    /**
     * @param {object} view
     * @param {Arithmetic} view.arithmetic
     * @param {string} view.operation  Of its layer.
     * @param {number} view.channel      Of the patch.
     * @param {boolean} view.exact       Whether the values are in single precision; otherwise no numbers are shown.
     * @param {number} view.decimals
     * @param {string} view.reads        The patch, in words.
     * @param {string} view.kernelName
     * @param {{reads: Coloring, kernel: Coloring, own: Coloring}} view.colorings
     * @param {[number, number]} view.extent  Rows and columns of the input maps.
     * @param {Pair} view.dilation
     */
    update({ arithmetic, operation, channel, exact, decimals, reads, kernelName, colorings, extent, dilation }) {
      const { rows, columns, span, winner } = arithmetic;
      const size = rows * columns;
      const begin = channel * size;
      /** @param {ArrayLike<number>} values @param {number} digits */
      const textOf = (values, digits) => (/** @type {number} */ cell) => (exact ? formatFixed(values[begin + cell], digits) : "…");
      /** @param {ArrayLike<number>} values @param {Coloring} coloring */
      const pixelOf = (values, { scale, range }) => (/** @type {number} */ cell) => scale.pixelOf(values[begin + cell], range);
      /** @param {number} cell */
      const outside = (cell) => {
        const [y, x] = [span.top + Math.floor(cell / columns), span.left + (cell % columns)];
        return y < 0 || x < 0 || y >= extent[0] || x >= extent[1];
      };

      patch.update({
        label: reads, rows, columns,
        textOf: (cell) => (outside(cell) ? "pad" : textOf(arithmetic.patch, columns < WIDE ? decimals : 2)(cell)),
        pixelOf: pixelOf(arithmetic.patch, colorings.reads),
        markOf: (cell) => (outside(cell) ? "padding" : cell === winner ? "winner" : ""),
      });
      const { kernel: weights, products: terms, sums } = arithmetic;
      for (const part of [times, kernel.root, equals, products.root]) part.hidden = !weights;
      if (!weights || !terms || !sums) {
        const computed = formatFixed(arithmetic.computed, decimals);
        const inside = insideOf(span, ...extent);
        const text = operation === "copy" ? `copied: ${computed}`
          : operation !== "mean" && winner === null ? `computed: ${computed}`
          : winner === null ? `mean: ${computed}, of ${inside.height * inside.width} values`
          : `largest: ${computed}, row ${Math.floor(winner / columns) + 1}, column ${(winner % columns) + 1} of the patch`;
        setText(sum, exact ? text : "…");
        return;
      }
      /** Nothing is multiplied in the holes of a dilated kernel. @param {(cell: number) => string} text */
      const betweenHoles = (text) => (/** @type {number} */ cell) => (isHole(cell, columns, dilation) ? "" : text(cell));
      kernel.update({ label: kernelName, rows, columns, textOf: betweenHoles(textOf(weights, decimals)), pixelOf: pixelOf(weights, colorings.kernel) });
      products.update({ label: "products", rows, columns, textOf: betweenHoles(textOf(terms, decimals)), pixelOf: pixelOf(terms, colorings.own) });
      const rounded = roundParts(terms.subarray(begin, begin + size), sums[channel], decimals);
      const rounding = rounded.rounding ? `, rounding ${formatUnits(rounded.rounding, decimals, true)}` : "";
      const shown = formatUnits(rounded.total - rounded.rounding, decimals);
      setText(sum, exact ? `products add up to ${shown}${rounding}` : "…");
    },
  };
}
