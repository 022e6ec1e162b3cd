// @ts-check
/** @import { Box, Plane } from "../types.js" */
/** @import { ColorScale } from "../draw/color-scale.js" */
/** @import { Position } from "./guesses.js" */
import { build } from "../dom/build.js";
import { setText } from "../dom/find.js";
import { arrowStep, stepWithin } from "../dom/grid-keys.js";
import { cellAt, shareOf } from "../draw/grid-geometry.js";
import { largestAbsolute } from "../draw/largest.js";
import { enlargeInto, paintPlane } from "../draw/plane.js";
import { put } from "../draw/sweep-stage.js";
import { createLegend } from "../network/legend.js";

/**
 * A plane with its caption, its legend and frames around some of its cells.
 * @param {string} id     Terms of the text name it.
 * @param {string} label  For screen readers.
 */
export function createPanel(id, label) {
  const canvas = build("canvas", { class: "plane", width: 28, height: 28, role: "img", "aria-label": label });
  const stack = build("div", { class: "framed" }, canvas);
  const caption = build("span");
  const legendRoom = build("span");
  const root = build("figure", { class: "panel", id }, stack, build("figcaption", {}, caption, legendRoom));
  /** @type {ReturnType<typeof createLegend> | null} */
  let legend = null;
  /** @type {Map<string, HTMLElement>} */
  const frames = new Map();
  let room = 0;
  let width = 0;

  return {
    root,
    canvas,

    /** @param {number} newRoom  In CSS pixels. */
    layOut(newRoom) {
      room = newRoom;
      enlargeInto(canvas, room);
    },

    /**
     * @param {Plane} plane
     * @param {ColorScale} scale
     * @param {number} range  The value at the end of the scale.
     * @param {string} words  The caption.
     * @param {[number, number]} [ends]  Of the legend; left out: none.
     */
    update(plane, scale, range, words, ends) {
      paintPlane(canvas, plane, scale, range);
      if (width !== plane.width && room) enlargeInto(canvas, room);
      width = plane.width;
      setText(caption, words);
      if (!ends) return;
      legend ??= createLegend(legendRoom, "");
      legend.update(ends, scale, largestAbsolute(plane.data) > ends[1]);
    },

    /**
     * Frame a box of cells.
     * @param {string} name  "a", "b", "pixel", "guess" or "largest": a frame's name is its style, and its letter if it is one.
     * @param {Box | null} box
     */
    frame(name, box) {
      let frame = frames.get(name);
      if (!frame) {
        frame = build("i", { class: "frame", "data-frame": name, "aria-hidden": "true" });
        frames.set(name, frame);
        stack.append(frame);
      }
      frame.hidden = !box;
      if (box) put(frame, shareOf(box, canvas.height, canvas.width));
    },
  };
}

/** @typedef {ReturnType<typeof createPanel>} Panel */

/**
 * The square of cells around a position.
 * @param {Position} position
 * @param {number} [size]
 * @returns {Box}
 */
export function squareAround({ row, column }, size = 1) {
  const half = (size - 1) / 2;
  return { top: row - half, left: column - half, height: size, width: size };
}

/**
 * Let a visitor choose a position in a panel: with the pointer, or with arrow keys and Enter.
 * @param {Panel} panel
 * @param {string} label  What is chosen and how.
 * @param {object} listener
 * @param {(position: Position) => void} [listener.point]   The pointer or the keyboard is at another position.
 * @param {(position: Position) => void} [listener.choose]  Clicked, or Enter was pressed.
 * @param {(message: string) => void} listener.announce
 * @param {AbortSignal} signal
 */
export function pickPositions({ canvas, frame }, label, { point, choose, announce }, signal) {
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  canvas.setAttribute("aria-label", label);
  let cursor = { row: 14, column: 14 };

  /** @param {MouseEvent} event */
  const under = ({ clientX, clientY }) => cellAt(canvas.getBoundingClientRect(), clientX, clientY, canvas.height, canvas.width);

  canvas.addEventListener("pointermove", (event) => point?.(under(event)), { signal });
  canvas.addEventListener("click", (event) => {
    cursor = under(event);
    point?.(cursor);
    choose?.(cursor);
  }, { signal });
  canvas.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      choose?.(cursor);
      return;
    }
    const step = arrowStep(event);
    if (!step) return;
    event.preventDefault();
    cursor = stepWithin(cursor, step, [canvas.height, canvas.width]);
    frame("cursor", squareAround(cursor));
    point?.(cursor);
    announce(`Row ${cursor.row}, column ${cursor.column}`);
  }, { signal });
  canvas.addEventListener("blur", () => frame("cursor", null), { signal });
}
