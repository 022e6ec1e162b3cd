// @ts-check
// Positions and values in planes that the tour points at. Uses neither elements nor requests.
/** @import { Plane } from "../types.js" */

/**
 * How many values are not zero, in a box of each plane.
 * @param {Plane[]} planes
 * @param {{top: number, left: number, height: number, width: number}} box
 */
export function countDifferent(planes, { top, left, height, width }) {
  let count = 0;
  for (const plane of planes) {
    for (let row = top; row < top + height; row += 1) {
      for (let column = left; column < left + width; column += 1) {
        if (plane.data[row * plane.width + column] !== 0) count += 1;
      }
    }
  }
  return count;
}
