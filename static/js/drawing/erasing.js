// @ts-check
/** @import { Point, Stroke } from "../types.js" */

const STEP = 0.01; // Spacing at which strokes are cut, in pad units: finer than any eraser.

/**
 * What is left of strokes when an eraser passes: points it covers go, and the stroke falls into pieces there.
 * Strokes it does not touch are returned as they are.
 *
 * @param {Stroke[]} strokes
 * @param {Point[]} path  Centers of the eraser.
 * @param {number} radius  In pad units.
 * @returns {Stroke[]}
 */
export function eraseFrom(strokes, path, radius) {
  /** @param {Point} point */
  const covered = ([x, y]) => path.some(([px, py]) => Math.hypot(x - px, y - py) < radius);
  return strokes.flatMap((stroke) => {
    const fine = refine(stroke);
    if (!fine.some(covered)) return [stroke];
    /** @type {Stroke[]} */
    const pieces = [[]];
    for (const point of fine) {
      if (!covered(point)) pieces[pieces.length - 1].push(point);
      else if (pieces[pieces.length - 1].length) pieces.push([]);
    }
    return pieces.filter((piece) => piece.length > 0);
  });
}

/**
 * The same line with points no further than STEP apart.
 * @param {Stroke} stroke
 * @returns {Stroke}
 */
export function refine(stroke) {
  /** @type {Stroke} */
  const fine = stroke.slice(0, 1);
  for (let i = 1; i < stroke.length; i += 1) {
    const [x0, y0] = stroke[i - 1];
    const [x1, y1] = stroke[i];
    const parts = Math.max(1, Math.ceil(Math.hypot(x1 - x0, y1 - y0) / STEP));
    for (let part = 1; part <= parts; part += 1) {
      fine.push([x0 + ((x1 - x0) * part) / parts, y0 + ((y1 - y0) * part) / parts]);
    }
  }
  return fine;
}
