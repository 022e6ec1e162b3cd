// @ts-check
// The two pens of the drawing pad: a pointer and the keyboard.
/** @import { Point } from "../types.js" */
import { arrowStep } from "../dom/grid-keys.js";
import { afterEvents } from "../shell/pace.js";

// Browsers delay pointermove until the next frame; pointerrawupdate comes when the pen moves, so the response is a frame earlier.
const MOVED = "onpointerrawupdate" in window ? "pointerrawupdate" : "pointermove";
const STEP = 0.02; // Of the keyboard pen, in pad units; with Shift the long one.
const LONG_STEP = 0.08;

/**
 * Turn pointer events on the pad into strokes in pad units, 0–1.
 * @param {HTMLCanvasElement} pad
 * @param {{start: (point: Point) => void, extend: (points: Point[]) => void, end: () => void}} pen
 * @param {AbortSignal} signal
 */
export function trackStrokes(pad, pen, signal) {
  /** @type {number | null} */
  let pointer = null;
  const events = afterEvents();
  signal.addEventListener("abort", events.close);

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
    const point = pointOf(event);
    events.later(() => pen.start(point));
  }, { signal });

  pad.addEventListener(MOVED, (move) => {
    const event = /** @type {PointerEvent} */ (move);
    if (event.pointerId !== pointer) return;
    events.now();
    // A fast pen reports several points for each frame; without them its curves become polygons.
    const coalesced = event.getCoalescedEvents?.() ?? [];
    pen.extend((coalesced.length ? coalesced : [event]).map(pointOf));
  }, { signal });

  for (const type of /** @type {const} */ (["pointerup", "pointercancel"])) {
    pad.addEventListener(type, (event) => {
      if (event.pointerId !== pointer) return;
      pointer = null;
      events.later(pen.end);
    }, { signal });
  }
}

/**
 * A pen may leave the pad by about its width. Four decimals are finer than any screen and take a third of the bytes.
 * @param {number} coordinate
 */
function clamp(coordinate) {
  return Math.round(Math.min(1.1, Math.max(-0.1, coordinate)) * 1e4) / 1e4;
}

/**
 * Draw by keyboard: arrow keys move the pen, Space puts it down or lifts it, Escape lifts it.
 * @param {HTMLCanvasElement} pad
 * @param {{start: (point: Point) => void, extend: (points: Point[]) => void, end: () => void,
 *   moved: (position: Point, down: boolean) => void}} pen  `moved` is called after every change, to show the cursor.
 * @param {AbortSignal} signal
 */
export function trackKeyboardPen(pad, pen, signal) {
  /** @type {Point} */
  let position = [0.5, 0.5];
  let down = false;

  /** @param {boolean} wanted */
  const setDown = (wanted) => {
    if (wanted === down) return;
    down = wanted;
    if (down) pen.start(position);
    else pen.end();
  };

  pad.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const direction = arrowStep(event);
    if (direction) {
      const [rows, columns] = direction;
      const step = event.shiftKey ? LONG_STEP : STEP;
      position = [within(position[0] + columns * step), within(position[1] + rows * step)];
      if (down) pen.extend([position]);
    } else if (event.key === " ") {
      setDown(!down);
    } else if (event.key === "Escape" && down) {
      setDown(false);
    } else {
      return;
    }
    event.preventDefault();
    pen.moved(position, down);
  }, { signal });
  pad.addEventListener("blur", () => setDown(false), { signal });
}

/** @param {number} coordinate */
function within(coordinate) {
  return Math.round(Math.min(1, Math.max(0, coordinate)) * 1000) / 1000;
}
