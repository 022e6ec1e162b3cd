// @ts-check
/** @import { Point } from "../types.js" */

const STEP = 0.02;
const LONG_STEP = 0.08;

/** @type {Record<string, Point>} */
const DIRECTIONS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };

/**
 * Draw by keyboard: arrow keys move the pen, Space puts it down or lifts it, Escape lifts it.
 * @param {HTMLCanvasElement} pad
 * @param {{start: (point: Point) => void, extend: (points: Point[]) => void, end: () => void,
 *   moved: (position: Point, down: boolean) => void}} pen  `moved` is told of every change, for showing the cursor.
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
    const direction = DIRECTIONS[event.key];
    if (direction) {
      const step = event.shiftKey ? LONG_STEP : STEP;
      position = [within(position[0] + direction[0] * step), within(position[1] + direction[1] * step)];
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
