// @ts-check
// The lens's tables of numbers and the names of its files, as text. Knows nothing of elements or requests.
/** @import { Arithmetic, Pair, Plane } from "../types.js" */
import { isHole } from "./arithmetic.js";
import { ALL_DECIMALS, formatExactly, formatUnits, roundParts } from "./rounding.js";

/** A table: the first text of each row names it. @typedef {{title: string, note: string, columns: string[], rows: string[][]}} NumberTable */

/**
 * Every factor, every product and their sum, with all decimals; null for a neuron without weights.
 * @param {string} title
 * @param {string} reads  Name of the layer read, or "input".
 * @param {Arithmetic} arithmetic
 * @param {Pair} dilation
 * @returns {NumberTable | null}
 */
export function tableOfProducts(title, reads, { patch, kernel, products, rows, columns, span, bias, computed, stored, after }, dilation) {
  if (!kernel || !products) return null;
  const { parts, rounding, total } = roundParts([...products, bias], computed, ALL_DECIMALS);
  /** @param {number} units */
  const text = (units) => formatUnits(units, ALL_DECIMALS);
  /** Map, row and column of a value. @param {number} i */
  const positionOf = (i) => {
    const cell = i % (rows * columns);
    return `${Math.floor(i / (rows * columns))}, ${span.top + Math.floor(cell / columns)}, ${span.left + (cell % columns)}`;
  };
  return {
    title,
    note: `Patch and kernel are the network's own values; products and sums are computed in double precision and shown with ${ALL_DECIMALS} decimals. `
      + "“rounding” is the rounded sum minus the sum of the rounded products; “stored” is the network's own single-precision result.",
    columns: [`${reads}: map, row, column`, "patch", "× kernel", "= product"],
    rows: [
      ...Array.from(products, (_, i) => [positionOf(i), formatExactly(patch[i]), formatExactly(kernel[i]), text(parts[i])])
        .filter((_, i) => !isHole(i % (rows * columns), columns, dilation)),
      ["bias", "", formatExactly(bias), text(parts[products.length])],
      ["rounding", "", "", text(rounding)],
      ["sum", "", "", text(total)],
      ...(stored === null ? [] : [["stored", "", "", formatExactly(stored)], ["stored − sum", "", "", formatExactly(stored - computed)]]),
      ...(after ? [[`after ${after.kind === "function" ? after.title : "softmax"}`, "", "", formatExactly(after.stored)]] : []),
    ],
  };
}

/**
 * The values of one map.
 * @param {string} layer
 * @param {number} filter
 * @param {number | null} step  Of training; null for the finished network.
 * @param {Plane} plane
 * @returns {NumberTable}
 */
export function tableOfMap(layer, filter, step, { width, data }) {
  const after = step === null ? "" : ` after step ${step.toLocaleString("en")}`;
  return {
    title: `Map ${filter} of ${layer}`,
    note: `The network's own single-precision values${after}.`,
    columns: ["row", ...Array.from({ length: width }, (_, column) => `column ${column}`)],
    rows: Array.from({ length: data.length / width }, (_, row) => [String(row), ...Array.from(data.subarray(row * width, (row + 1) * width), formatExactly)]),
  };
}

/**
 * @param {{model: string, step: number | null, layer: string, filter: number | null, what: "map" | "layer" | "kernels", format: string}} file
 *   A filter: its map alone.
 */
export function fileName({ model, step, layer, filter, what, format }) {
  const content = what === "kernels" ? "kernels" : filter === null ? "maps" : `map-${filter}`;
  return `${[model, ...(step === null ? [] : [`step-${step}`]), layer, content].join("-")}.${format}`;
}
