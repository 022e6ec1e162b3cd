// @ts-check
/** @import { ThemeColors } from "../types.js" */
import { createNumberGrid } from "../lens/number-grid.js";
import { arrowStep, stepWithin } from "../dom/grid-keys.js";
import { formatWeight } from "./sentences.js";

const KEY_STEP = 0.1; // Of the layer's range, for plus and minus.

/**
 * The numbers of a kernel, to paint on.
 * @param {HTMLElement} root
 * @param {object} page
 * @param {AbortSignal} page.signal
 * @param {() => number} page.brush
 * @param {(cell: number, weight: number, continues: boolean) => void} page.paint  `continues`: another cell of the same stroke.
 * @param {(message: string) => void} page.announce
 */
export function createKernelPad(root, { signal, brush, paint, announce }) {
  const grid = createNumberGrid("weights");
  const table = grid.root;
  table.tabIndex = 0;
  table.setAttribute("role", "application");
  table.setAttribute("aria-roledescription", "kernel to paint");
  table.setAttribute("aria-describedby", "paint-keys");
  root.append(table);

  /** @type {Float32Array} */
  let weights = new Float32Array(1);
  /** @type {[number, number]} */
  let size = [1, 1];
  let range = 1;
  let cursor = 0;
  let painting = false;
  let painted = false; // Whether the present stroke has changed a weight.

  /** @param {PointerEvent} event */
  function cellAt({ clientX, clientY }) {
    const { left, top, width, height } = table.getBoundingClientRect();
    const [rows, columns] = size;
    const [row, column] = [Math.floor(((clientY - top) * rows) / height), Math.floor(((clientX - left) * columns) / width)];
    return row >= 0 && column >= 0 && row < rows && column < columns ? row * columns + column : null;
  }

  /** @param {PointerEvent} event */
  function paintAt(event) {
    const cell = cellAt(event);
    if (cell === null) return;
    cursor = cell;
    if (weights[cell] === Math.fround(brush())) return;
    setWeight(brush(), painted);
    painted = true;
  }

  /** Of the cell at the cursor. @param {number} weight  @param {boolean} continues */
  function setWeight(weight, continues) {
    weights = weights.slice(); // The next event may come before the page hands the new kernel over.
    weights[cursor] = weight;
    paint(cursor, weight, continues);
  }

  table.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    table.setPointerCapture(event.pointerId);
    [painting, painted] = [true, false];
    paintAt(event);
  }, { signal });
  table.addEventListener("pointermove", (event) => painting && paintAt(event), { signal });
  for (const end of /** @type {const} */ (["pointerup", "pointercancel"])) table.addEventListener(end, () => (painting = false), { signal });

  table.addEventListener("keydown", (event) => {
    const step = arrowStep(event);
    const weight = { Enter: brush(), "+": weights[cursor] + KEY_STEP * range, "-": weights[cursor] - KEY_STEP * range, Delete: 0, Backspace: 0 }[event.key];
    if (!step && weight === undefined) return;
    event.preventDefault();
    const position = stepWithin({ row: Math.floor(cursor / size[1]), column: cursor % size[1] }, step ?? [0, 0], size);
    cursor = position.row * size[1] + position.column;
    if (weight !== undefined) setWeight(weight, false);
    show();
    announce(`Row ${position.row}, column ${position.column}: ${formatWeight(weights[cursor])}`);
  }, { signal });
  for (const type of ["focus", "blur"]) table.addEventListener(type, () => show(), { signal });

  /** @type {ThemeColors | null} */
  let colors = null;

  function show() {
    if (!colors) return;
    const { diverging } = colors;
    grid.update({
      label: "weights",
      rows: size[0],
      columns: size[1],
      textOf: (i) => formatWeight(weights[i]),
      pixelOf: (i) => diverging.pixelOf(weights[i], range),
      markOf: (i) => (i === cursor && document.activeElement === table ? "winner" : ""),
    });
  }

  return {
    /**
     * @param {string} label
     * @param {Float32Array} newest           [rows × columns]
     * @param {[number, number]} newestSize   [rows, columns]
     * @param {number} largest                The weight at the end of the color scale.
     * @param {ThemeColors} theme
     */
    update(label, newest, newestSize, largest, theme) {
      const [rows, columns] = newestSize;
      if (rows !== size[0] || columns !== size[1]) cursor = Math.floor(rows / 2) * columns + Math.floor(columns / 2);
      [weights, size, range, colors] = [newest, newestSize, largest, theme];
      table.setAttribute("aria-label", label);
      show();
    },
  };
}
