// @ts-check
// Where the maps and kernels of one layer's section are, on its two canvases. Uses numbers only.

/**
 * All in CSS pixels. `pitch`: from one map to the next, a multiple of `zoom`, so that the canvas of the maps has one pixel for
 * each cell.
 * @typedef {object} Sheet
 * @property {number} columns
 * @property {number} zoom
 * @property {[number, number]} pitch  Across and down.
 * @property {number} left             From a kernel's left edge to its map's.
 */

const LARGEST_ZOOM = 42; // A 1×1 map is not shown larger than a 3×3 one.

/**
 * @param {object} room
 * @param {number} room.width   Of the section.
 * @param {number} room.map     Largest side of a map.
 * @param {[number, number]} room.cells  Rows and columns of a map.
 * @param {number} room.side    Width of what is beside a map: its kernel and number.
 * @param {number} room.tall    Height of that.
 * @param {number} [room.under] Height of what is under both.
 * @param {number} room.gap     Between maps, at least.
 * @returns {Sheet}
 */
export function sheetFor({ width, map, cells: [rows, cols], side, tall, under = 0, gap }) {
  const zoom = Math.min(LARGEST_ZOOM, Math.max(1, Math.floor(map / Math.max(rows, cols))));
  const left = side + 2;
  const least = left + cols * zoom + gap;
  const columns = Math.max(1, Math.floor((width + gap) / (Math.ceil(least / zoom) * zoom)));
  // The rest of the width is distributed between the columns.
  const across = Math.max(Math.ceil(least / zoom), Math.floor((width + gap) / columns / zoom)) * zoom;
  const down = Math.ceil((Math.max(rows * zoom, tall) + under + gap) / zoom) * zoom;
  return { columns, zoom, pitch: [across, down], left };
}

/**
 * The maps in the order in which they are shown: the most active first, the others by number.
 * @param {number[]} activity  Of each map.
 * @param {number} first       How many are chosen by activity.
 * @returns {number[]}
 */
export function orderOf(activity, first) {
  const numbers = activity.map((_, map) => map);
  if (activity.length <= first) return numbers;
  const chosen = [...numbers].sort((one, other) => activity[other] - activity[one]).slice(0, first);
  return [...chosen, ...numbers.filter((map) => !chosen.includes(map))];
}
