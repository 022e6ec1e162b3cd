// @ts-check
// Arrow keys on a grid of cells.

/** @type {Record<string, [number, number]>} */
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/**
 * How far an arrow key moves.
 * @param {{key: string}} event
 * @returns {[number, number] | null} Rows down and columns right; null for any other key.
 */
export function arrowStep({ key }) {
  return STEPS[key] ?? null;
}

/**
 * The position one step further, or the same one at the edge of the grid.
 * @param {{row: number, column: number}} position
 * @param {[number, number]} step
 * @param {[number, number]} size  Rows and columns of the grid.
 * @returns {{row: number, column: number}}
 */
export function stepWithin({ row, column }, [down, right], [rows, columns]) {
  return { row: clamp(row + down, rows), column: clamp(column + right, columns) };
}

/** @param {number} index  @param {number} count */
function clamp(index, count) {
  return Math.min(count - 1, Math.max(0, index));
}
