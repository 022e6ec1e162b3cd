// @ts-check
/** @import { ThemeColors } from "../../types.js" */
import { formatValue } from "../legend.js";
import { createNumberGrid } from "../number-grid.js";

/** @type {Record<string, [number, number]>} */
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const KEY_STEP = 0.1; // Of the layer's range, for plus and minus.

/**
 * The numbers of a kernel, to paint on.
 * @param {HTMLElement} root
 * @param {object} page
 * @param {AbortSignal} page.signal
 * @param {() => number} page.brush
 * @param {() => void} page.begin  The hand comes down: what follows is one edit.
 * @param {(cell: number, weight: number) => void} page.paint
 * @param {(message: string) => void} page.announce
 */
export function createKernelPad(root, { signal, brush, begin, paint, announce }) {
  const grid = createNumberGrid("weights");
  const table = grid.root;
  table.tabIndex = 0;
  table.setAttribute("role", "application");
  table.setAttribute("aria-roledescription", "kernel to paint");
  table.setAttribute("aria-describedby", "paint-keys");
  root.append(table);

  /** @type {Float32Array} */
  let weights = new Float32Array(25);
  let side = 5;
  let range = 1;
  let cursor = 12;
  let painting = false;

  /** @param {PointerEvent} event */
  function cellAt({ clientX, clientY }) {
    const { left, top, width, height } = table.getBoundingClientRect();
    const [row, column] = [Math.floor(((clientY - top) * side) / height), Math.floor(((clientX - left) * side) / width)];
    return row >= 0 && column >= 0 && row < side && column < side ? row * side + column : null;
  }

  /** @param {PointerEvent} event */
  function paintAt(event) {
    const cell = cellAt(event);
    if (cell === null) return;
    cursor = cell;
    if (weights[cell] !== Math.fround(brush())) paint(cell, brush());
  }

  table.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    table.setPointerCapture(event.pointerId);
    painting = true;
    begin();
    paintAt(event);
  }, { signal });
  table.addEventListener("pointermove", (event) => painting && paintAt(event), { signal });
  for (const end of /** @type {const} */ (["pointerup", "pointercancel"])) table.addEventListener(end, () => (painting = false), { signal });

  table.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    const value = { Enter: brush(), "+": weights[cursor] + KEY_STEP * range, "-": weights[cursor] - KEY_STEP * range, Delete: 0, Backspace: 0 }[event.key];
    if (!step && value === undefined) return;
    event.preventDefault();
    if (step) {
      const inside = (/** @type {number} */ place) => Math.min(side - 1, Math.max(0, place));
      cursor = inside(Math.floor(cursor / side) + step[0]) * side + inside((cursor % side) + step[1]);
    } else if (value !== undefined) {
      begin();
      paint(cursor, value);
    }
    show();
    announce(`Row ${Math.floor(cursor / side)}, column ${cursor % side}: ${formatValue(weights[cursor], 2)}`);
  }, { signal });
  for (const type of ["focus", "blur"]) table.addEventListener(type, () => show(), { signal });

  /** @type {ThemeColors | null} */
  let colors = null;

  function show() {
    if (!colors) return;
    const { diverging } = colors;
    grid.update({
      label: "weights",
      rows: side,
      columns: side,
      textOf: (i) => formatValue(weights[i], 2),
      pixelOf: (i) => diverging.pixelOf(weights[i], range),
      markOf: (i) => (i === cursor && document.activeElement === table ? "winner" : ""),
    });
  }

  return {
    /**
     * @param {string} label
     * @param {Float32Array} newest  [k × k]
     * @param {number} most          The end of the scale.
     * @param {ThemeColors} theme
     */
    update(label, newest, most, theme) {
      [weights, range, colors] = [newest, most, theme];
      side = Math.sqrt(newest.length);
      cursor = Math.min(cursor, newest.length - 1);
      table.setAttribute("aria-label", label);
      show();
    },
  };
}
