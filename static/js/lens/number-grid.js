// @ts-check
import { build, resizeList } from "../dom/build.js";

/**
 * A small table of numbers in the colors of their values: a patch, a kernel, their products.
 * @param {string} label
 */
export function createNumberGrid(label) {
  const caption = build("caption", {}, label);
  const body = build("tbody");
  const root = build("table", { class: "number-grid" }, caption, body);
  /** @type {HTMLTableRowElement[]} */
  const rows = [];
  /** @type {HTMLTableCellElement[][]} */
  const cells = [];

  return {
    root,
    /**
     * @param {object} grid
     * @param {string} grid.label
     * @param {number} grid.rows
     * @param {number} grid.columns
     * @param {(cell: number) => string} grid.textOf
     * @param {(cell: number) => number} grid.pixelOf  ABGR, as color scales give it.
     * @param {(cell: number) => string} [grid.markOf]  "padding" or "winner", for the style sheet; said in words by the text.
     */
    update({ label: title, rows: height, columns: width, textOf, pixelOf, markOf }) {
      if (caption.textContent !== title) caption.textContent = title;
      root.dataset.columns = String(width);
      resizeList(body, rows, height, () => build("tr"));
      cells.length = Math.min(cells.length, height); // Those of removed rows are gone with them.
      rows.forEach((row, i) => {
        cells[i] ??= [];
        resizeList(row, cells[i], width, () => build("td"));
        cells[i].forEach((cell, j) => {
          const index = i * width + j;
          const text = textOf(index);
          if (cell.textContent !== text) cell.textContent = text;
          const pixel = pixelOf(index);
          cell.style.backgroundColor = cssOf(pixel);
          cell.style.color = readableOn(pixel);
          const mark = markOf?.(index) ?? "";
          if ((cell.dataset.mark ?? "") !== mark) cell.dataset.mark = mark;
        });
      });
    },
  };
}

/** @param {number} pixel  ABGR. */
export function cssOf(pixel) {
  return `rgb(${pixel & 255} ${(pixel >> 8) & 255} ${(pixel >> 16) & 255})`;
}

/**
 * Black or white, whichever stands out more; one of them always reaches a contrast of 4.5.
 * @param {number} pixel  ABGR.
 */
function readableOn(pixel) {
  const [red, green, blue] = [pixel, pixel >> 8, pixel >> 16].map((channel) => ((channel & 255) / 255) ** 2.2);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18 ? "#000" : "#fff";
}
