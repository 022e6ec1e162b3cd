// @ts-check
// Which maps and links the picture shows. Uses contributions only: no elements, no positions.
/** @import { Evidence } from "../../api/evidence.js" */
/** @import { Section } from "../selectors.js" */

/**
 * A column of the picture: the input, or the maps of a section; the last one has the classes.
 * @typedef {{name: string, count: number, section: Section | null}} Column
 */

/** A map of a column. @typedef {{column: number, map: number}} Place */

/**
 * The part of the contribution of map `to` of a column that comes through map `from` of the column before.
 * @typedef {{column: number, from: number, to: number, value: number}} Link
 */

const INTO_CLASS = 6;
const INTO_COLUMN = 6;
const HYSTERESIS = 1.5; // A map takes the position of another only if it contributes this many times as much.

/**
 * @param {[number, number, number]} inputShape
 * @param {Section[]} sections
 * @returns {Column[]}
 */
export function columnsOf(inputShape, sections) {
  const layers = sections.map((section) => ({ name: section.layer.name, count: section.layer.output_shape[0], section }));
  return [{ name: "input", count: inputShape[0], section: null }, ...layers];
}

/**
 * @param {Evidence} evidence
 * @param {Column[]} columns
 * @param {Place} place
 */
export function contributionOf({ difference, layers }, columns, { column, map }) {
  return column ? (layers[columns[column].name]?.contributions[map] ?? 0) : difference;
}

/**
 * The links into a map, the largest first.
 * @param {Evidence} evidence
 * @param {Column[]} columns
 * @param {Place} place
 * @returns {Link[]}
 */
export function linksInto(evidence, columns, { column, map }) {
  const layer = evidence.layers[columns[column].name];
  if (!layer) return [];
  if (!layer.links) return [{ column, from: map, to: map, value: layer.contributions[map] }];
  const [, count] = layer.links.shape;
  const values = layer.links.data.subarray(map * count, (map + 1) * count);
  return bySize(Array.from(values, (value, from) => ({ column, from, to: map, value })));
}

/**
 * The links that leave a map, the largest first.
 * @param {Evidence} evidence
 * @param {Column[]} columns
 * @param {Place} place
 * @returns {Link[]}
 */
export function linksOutOf(evidence, columns, place) {
  const column = place.column + 1;
  const layer = columns[column] && evidence.layers[columns[column].name];
  if (!layer) return [];
  if (!layer.links) return [{ column, from: place.map, to: place.map, value: layer.contributions[place.map] }];
  const { data, shape: [count, width] } = layer.links;
  return bySize(Array.from({ length: count }, (_, to) => ({ column, from: place.map, to, value: data[to * width + place.map] })));
}

/** @param {Link[]} links */
function bySize(links) {
  return links.filter(({ value }) => value !== 0).sort((one, other) => Math.abs(other.value) - Math.abs(one.value));
}

/**
 * The maps of a column at its positions. A map keeps its position for as long as it is shown, and is replaced only by one that
 * contributes much more, so that the picture stays still while the pen moves.
 * @param {Float32Array | undefined} contributions
 * @param {number} count  Maps of the column.
 * @param {number} positions
 * @param {number[]} [before]
 * @returns {number[]}
 */
export function mapsAtPositions(contributions, count, positions, before) {
  if (!contributions || count <= positions) return before ?? Array.from({ length: Math.min(count, positions) }, (_, map) => map);
  /** @param {number} map */
  const sizeOf = (map) => Math.abs(contributions[map]);
  const ranked = Array.from({ length: count }, (_, map) => map).sort((one, other) => sizeOf(other) - sizeOf(one));
  if (!before) return ranked.slice(0, positions).sort((one, other) => one - other);
  const shown = [...before];
  for (const map of ranked.slice(0, positions)) {
    if (shown.includes(map)) continue;
    const weakest = shown.reduce((least, each, i) => (sizeOf(each) < sizeOf(shown[least]) ? i : least), 0);
    if (sizeOf(map) > HYSTERESIS * sizeOf(shown[weakest])) shown[weakest] = map;
  }
  return shown;
}

/**
 * The strongest links between the maps shown, from a class back to the input: first those into the class, then those into the
 * maps from which they come, and so on.
 * @param {Evidence} evidence
 * @param {Column[]} columns
 * @param {number[][]} shown  The maps of each column.
 * @returns {Link[]}
 */
export function strongestLinks(evidence, columns, shown) {
  /** @type {Link[]} */
  const trace = [];
  let targets = [evidence.label];
  for (let column = columns.length - 1; column > 0; column -= 1) {
    const isShown = new Set(shown[column - 1]);
    const candidates = targets.map((map) => linksInto(evidence, columns, { column, map }).filter(({ from }) => isShown.has(from)));
    const room = column === columns.length - 1 ? INTO_CLASS : INTO_COLUMN;
    // Of each map its strongest link, so that no trace ends on the way; then the strongest of all others.
    const first = candidates.flatMap(([strongest]) => strongest ?? []);
    const others = bySize(candidates.flatMap(([, ...rest]) => rest)).slice(0, Math.max(0, room - first.length));
    const links = [...first, ...others];
    trace.push(...links);
    targets = [...new Set(links.map(({ from }) => from))];
  }
  return trace;
}

/** @param {Link[]} links */
export function sumOf(links) {
  return links.reduce((sum, { value }) => sum + value, 0);
}

/** @param {Link} link */
export function keyOf({ column, from, to }) {
  return `${column}.${from}.${to}`;
}
