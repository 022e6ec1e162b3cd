// @ts-check
// What the picture shows: its links, which of them are not dimmed, and its sentences. Uses no elements.
/** @import { Evidence } from "../../api/evidence.js" */
/** @import { Pointed } from "./keys.js" */
/** @import { Column, Link, Place } from "./trace.js" */
import { describeClass, describeLink, describeMap, describeSources, describeSum } from "./sentences.js";
import { keyOf, linksInto, linksOutOf, strongestLinks } from "./trace.js";

const OF_A_MAP = 8; // Links on each side of a map that is pointed at.

/**
 * @typedef {object} View
 * @property {Link[]} links
 * @property {Set<string> | null} lit   Keys of the links that are not dimmed; null for all.
 * @property {Set<string> | null} maps  Keys of the maps that are not dimmed; null for all.
 * @property {string[]} texts
 */

/** @param {Place} place */
export const placeKey = ({ column, map }) => `${column}.${map}`;

/**
 * The links between the maps shown that lead into a map, and those that leave it, the largest first.
 * @param {Evidence} evidence
 * @param {Column[]} columns
 * @param {number[][]} shown
 */
export function linksShown(evidence, columns, shown) {
  return {
    /** @param {Place} place */
    into: (place) => (place.column ? linksInto(evidence, columns, place).filter(({ from }) => shown[place.column - 1].includes(from)).slice(0, OF_A_MAP) : []),
    /** @param {Place} place */
    outOf: (place) => linksOutOf(evidence, columns, place).filter(({ to }) => shown[place.column + 1].includes(to)).slice(0, OF_A_MAP),
  };
}

/**
 * With nothing pointed at, the strongest evidence for the class. The links of a map or a single link are shown among these.
 * @param {Evidence} evidence
 * @param {Column[]} columns
 * @param {number[][]} shown
 * @param {Float32Array} logits
 * @param {Pointed | null} pointed
 * @returns {View}
 */
export function viewOf(evidence, columns, shown, logits, pointed) {
  const trace = strongestLinks(evidence, columns, shown);
  const { into, outOf } = linksShown(evidence, columns, shown);
  if (pointed?.link) {
    const { column, from, to } = pointed.link;
    const siblings = into({ column, map: to });
    const link = siblings.find((each) => each.from === from) ?? pointed.link;
    return isolated(trace, siblings, [link], null, [`${describeLink(evidence, columns, link)}.`]);
  }
  const place = pointed?.place ?? null;
  if (place && place.column < columns.length - 1) {
    const own = [...into(place), ...outOf(place)];
    return isolated(trace, own, own, place, [`${describeMap(evidence, columns, place)}.${describeSources(evidence, columns, place)}`]);
  }
  const texts = [describeClass(evidence, columns, logits), describeSum(evidence, columns, trace)];
  return place ? isolated(trace, [], trace, place, texts) : { links: trace, lit: null, maps: null, texts };
}

/**
 * @param {Link[]} trace
 * @param {Link[]} others  Shown besides the trace.
 * @param {Link[]} lit
 * @param {Place | null} place
 * @param {string[]} texts
 * @returns {View}
 */
function isolated(trace, others, lit, place, texts) {
  const links = [...new Map([...trace, ...others, ...lit].map((link) => [keyOf(link), link])).values()];
  const maps = new Set(lit.flatMap(({ column, from, to }) => [placeKey({ column: column - 1, map: from }), placeKey({ column, map: to })]));
  if (place) maps.add(placeKey(place));
  return { links, lit: new Set(lit.map(keyOf)), maps, texts };
}
