// @ts-check
/** @import { Point } from "../types.js" */

// Browsers hold moves back until the next frame; the raw ones come when the pen moves, and their answer a frame sooner.
const MOVED = "onpointerrawupdate" in window ? "pointerrawupdate" : "pointermove";

/**
 * Turn pointer events on the pad into strokes in pad units, 0–1.
 * @param {HTMLCanvasElement} pad
 * @param {{start: (point: Point) => void, extend: (points: Point[]) => void, end: () => void}} pen
 * @param {AbortSignal} signal
 */
export function trackStrokes(pad, pen, signal) {
  /** @type {number | null} */
  let pointer = null;

  /** @param {PointerEvent} event  @returns {Point} */
  const pointOf = (event) => {
    const box = pad.getBoundingClientRect();
    return [clamp((event.clientX - box.left) / box.width), clamp((event.clientY - box.top) / box.height)];
  };

  pad.addEventListener("pointerdown", (event) => {
    if (pointer !== null || event.button !== 0) return;
    pointer = event.pointerId;
    pad.setPointerCapture(pointer);
    pad.focus({ preventScroll: true });
    event.preventDefault();
    pen.start(pointOf(event));
  }, { signal });

  pad.addEventListener(MOVED, (move) => {
    const event = /** @type {PointerEvent} */ (move);
    if (event.pointerId !== pointer) return;
    // A fast pen reports several points for each frame; without them its curves become polygons.
    const events = event.getCoalescedEvents?.() ?? [];
    pen.extend((events.length ? events : [event]).map(pointOf));
  }, { signal });

  for (const type of /** @type {const} */ (["pointerup", "pointercancel"])) {
    pad.addEventListener(type, (event) => {
      if (event.pointerId !== pointer) return;
      pointer = null;
      pen.end();
    }, { signal });
  }
}

/**
 * A pen may leave the pad by its width; further out it draws nothing. Four digits are finer than any screen, and a
 * third of the bytes.
 * @param {number} coordinate
 */
function clamp(coordinate) {
  return Math.round(Math.min(1.1, Math.max(-0.1, coordinate)) * 1e4) / 1e4;
}
