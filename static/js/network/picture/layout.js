// @ts-check
// Where the maps, bars and links of the picture are. Uses numbers only.
/** @import { Column, Link } from "./trace.js" */

/**
 * Sizes in CSS pixels. `pitch`: from one row of maps to the next; `rows`: of a full column; `least`: between columns; `titles`: the
 * width of each column's title, which is above its middle.
 * @typedef {{pitch: number, rows: number, width: number, least: number, titles: number[]}} Room
 */

/** @typedef {{x: number, y: number, width: number, height: number}} Area */

/**
 * One column: the left edge and width of all of it, the size of a map on the screen, and where its maps and kernels are.
 * @typedef {object} ColumnLayout
 * @property {number} x
 * @property {number} width
 * @property {Area[]} maps     At each position.
 * @property {Area[]} kernels  Beside them; empty where none are shown. Of the input, the contributions of its pixels.
 * @property {Area[]} parts    What can be pointed at: maps with their kernels, and classes.
 */

const GAP = 1; // Between maps.
const TITLE_GAP = 8; // Between titles, at least.
const CLASS_WIDTH = 84;
const KERNEL_CELLS = 28; // Larger kernels are not shown.

/** The number of maps of a column that are shown. @param {Column} column  @param {number} rows */
export function positionsOf({ count }, rows) {
  return count <= 2 * rows ? count : rows;
}

/**
 * @param {Column[]} columns
 * @param {[number, number, number][]} shapes   Of each column's maps.
 * @param {[number, number] | null} kernelSize  Of the first layer's kernels, if they are to be shown.
 * @param {Room} room
 * @returns {{columns: ColumnLayout[], width: number, height: number, rows: number}}
 */
export function layOut(columns, shapes, kernelSize, { pitch, rows, width, least, titles }) {
  const height = pitch * rows;
  const last = columns.length - 1;
  const kernel = kernelSize && Math.max(...kernelSize) <= KERNEL_CELLS ? kernelSize : null;
  const boxes = columns.map((column, i) => {
    if (i === 0) return inputBoxes(shapes[0], height);
    if (i === last) return classBoxes(column.count, height);
    return mapBoxes(positionsOf(column, rows), shapes[i], i === 1 ? kernel : null, { pitch, rows });
  });
  // A column that is narrower than its title gets the room of both.
  const slots = boxes.map((box, i) => Math.max(box.width, Math.ceil(titles[i] + TITLE_GAP - least)));
  const used = slots.reduce((sum, slot) => sum + slot, 0);
  const gap = Math.max(least, Math.floor((width - used) / Math.max(1, last)));
  let x = 0;
  const placed = boxes.map((box, i) => {
    const here = x + Math.floor((slots[i] - box.width) / 2);
    x += slots[i] + gap;
    const move = (/** @type {Area} */ area) => ({ ...area, x: area.x + here });
    const [maps, kernels] = [box.maps.map(move), box.kernels.map(move)];
    return { x: here, width: box.width, maps, kernels, parts: i ? maps.map((map, at) => around(map, kernels[at])) : maps };
  });
  return { columns: placed, width: x - gap, height, rows };
}

/** @param {Area} map  @param {Area | undefined} kernel  @returns {Area} */
function around(map, kernel) {
  return kernel ? { ...map, x: kernel.x, width: map.x + map.width - kernel.x } : map;
}

/** The digit, and under it the contributions of its pixels. @param {[number, number, number]} shape  @param {number} height */
function inputBoxes([, rows, columns], height) {
  const zoom = Math.max(1, Math.floor((height * 0.38) / Math.max(rows, columns)));
  const [tall, wide] = [rows * zoom, columns * zoom];
  const y = Math.round(height / 2 - tall - 14);
  return { width: wide, maps: [{ x: 0, y, width: wide, height: tall }], kernels: [{ x: 0, y: y + tall + 28, width: wide, height: tall }] };
}

/** @param {number} count  @param {number} height */
function classBoxes(count, height) {
  const step = Math.min(height / count, 32);
  const top = (height - step * count) / 2;
  return { width: CLASS_WIDTH, kernels: [], maps: Array.from({ length: count }, (_, i) => ({ x: 0, y: top + i * step, width: CLASS_WIDTH, height: step })) };
}

/**
 * @param {number} count
 * @param {[number, number, number]} shape
 * @param {[number, number] | null} kernel
 * @param {{pitch: number, rows: number}} room
 */
function mapBoxes(count, [, tall, wide], kernel, { pitch, rows }) {
  const size = pitch - GAP;
  const zoom = Math.floor(size / Math.max(tall, wide));
  // Maps larger than that are shown with fewer cells.
  const [width, height] = [wide, tall].map((cells) => (zoom ? cells * zoom : Math.min(size, cells)));
  const kernelZoom = kernel ? Math.max(1, Math.floor((size * 0.6) / Math.max(...kernel))) : 0;
  const [kernelTall, kernelWide] = kernel ? kernel.map((cells) => cells * kernelZoom) : [0, 0];
  const each = width + (kernel ? kernelWide + 2 : 0);
  const across = count > rows ? 2 : 1;
  const down = Math.ceil(count / across);
  const gutter = kernel ? 6 : 2;
  const top = (pitch * (rows - down)) / 2;
  /** @type {Area[]} */
  const maps = [];
  /** @type {Area[]} */
  const kernels = [];
  for (let i = 0; i < count; i += 1) {
    const x = Math.floor(i / down) * (each + gutter);
    const y = top + (i % down) * pitch;
    maps.push({ x: x + each - width, y: Math.round(y + (pitch - height) / 2), width, height });
    if (kernel) kernels.push({ x, y: Math.round(y + (pitch - kernelTall) / 2), width: kernelWide, height: kernelTall });
  }
  return { width: across * each + (across - 1) * gutter, maps, kernels };
}

/**
 * The curve of a link, from the right edge of its source to the left edge of its target.
 * @param {ColumnLayout[]} columns
 * @param {number[][]} shown
 * @param {Link} link
 */
export function curveOf(columns, shown, { column, from, to }) {
  const source = columns[column - 1].maps[shown[column - 1].indexOf(from)];
  const target = (column === 1 && columns[1].kernels.length ? columns[1].kernels : columns[column].maps)[shown[column].indexOf(to)];
  if (!source || !target) return "";
  // Within a column of two maps side by side a link goes straight behind the second, and curves only between columns.
  const [left, right] = [columns[column - 1].x + columns[column - 1].width, columns[column].x];
  const [x0, y0] = [source.x + source.width, column === 1 ? middleOf(columns[0]) : source.y + source.height / 2];
  const [x1, y1] = [target.x, target.y + target.height / 2];
  const bend = (right - left) / 2;
  return `M${x0} ${y0}H${left}C${left + bend} ${y0} ${right - bend} ${y1} ${right} ${y1}H${x1}`;
}

/** Links leave the input between the digit and the contributions of its pixels. @param {ColumnLayout} column */
function middleOf({ maps: [digit], kernels: [pixels] }) {
  return (digit.y + pixels.y + pixels.height) / 2;
}
