// @ts-check
// What the picture says in words; the numbers of a sentence add up as they are written.
/** @import { Evidence } from "../../api/evidence.js" */
/** @import { Column, Link, Place } from "./trace.js" */
import { className } from "../prediction-bars.js";
import { contributionOf, linksInto, sumOf } from "./trace.js";

const NAMED = 3; // Links that a sentence names.

/** @param {number} value  @param {number} [places] */
const rounded = (value, places = 2) => Math.round(value * 10 ** places) / 10 ** places + 0;

/** @param {number} value  @param {{signed?: boolean, places?: number}} [options] */
function decimals(value, { signed = false, places = 2 } = {}) {
  const number = rounded(value, places);
  return `${number < 0 ? "−" : signed ? "+" : ""}${Math.abs(number).toFixed(places)}`;
}

/** @param {Column[]} columns  @param {Place} place */
export function nameOf(columns, { column, map }) {
  if (column === columns.length - 1) return `class ${className(map)}`;
  return column ? `${columns[column].name} map ${map}` : "the digit";
}

/**
 * Such as "conv5 map 12 adds 0.91 to class 3".
 * @param {Evidence} evidence
 * @param {Column[]} columns
 * @param {Place} place
 */
export function describeMap(evidence, columns, place) {
  return `${nameOf(columns, place)} ${adds(contributionOf(evidence, columns, place))} class ${className(evidence.label)}`;
}

/**
 * Such as "conv4 map 7 adds 0.31 to class 3 through conv5 map 12".
 * @param {Evidence} evidence
 * @param {Column[]} columns
 * @param {Link} link
 */
export function describeLink({ label }, columns, { column, from, to, value }) {
  const said = `${nameOf(columns, { column: column - 1, map: from })} ${adds(value)} class ${className(label)}`;
  return column === columns.length - 1 ? said : `${said} through ${nameOf(columns, { column, map: to })}`;
}

/** @param {number} value */
function adds(value) {
  return value < 0 ? `takes ${decimals(-value)} from` : `adds ${decimals(value)} to`;
}

/**
 * Where a map's contribution comes from.
 * @param {Evidence} evidence
 * @param {Column[]} columns
 * @param {Place} place
 */
export function describeSources(evidence, columns, place) {
  const links = place.column ? linksInto(evidence, columns, place) : [];
  const { column } = place;
  if (column < 2 || !links.length) return "";
  const total = rounded(contributionOf(evidence, columns, place));
  if (links.length === 1 && rounded(links[0].value) === total) return ` All of it comes through ${nameOf(columns, { column: column - 1, map: links[0].from })}.`;
  const named = links.slice(0, NAMED);
  const texts = named.map(({ from, value }) => `${nameOf(columns, { column: column - 1, map: from })} ${decimals(value, { signed: true })}`);
  const rest = total - named.reduce((sum, { value }) => sum + rounded(value), 0);
  // The smallest links are not in the response; their sum is what is left.
  const weaker = rounded(rest) === 0 ? "" : ` and weaker links ${decimals(rest, { signed: true })}`;
  return ` It comes from ${texts.join(", ")}${weaker}.`;
}

/**
 * By how much a class leads, or follows the leading one, and its strongest map.
 * @param {Evidence} evidence
 * @param {Column[]} columns
 * @param {Float32Array} logits
 */
export function describeClass(evidence, columns, logits) {
  const { label } = evidence;
  const others = Array.from(logits, (_, digit) => digit).filter((digit) => digit !== label);
  const rival = others.reduce((best, digit) => (logits[digit] > logits[best] ? digit : best), others[0]);
  const lead = logits[label] - logits[rival];
  const size = decimals(Math.abs(lead), { places: 1 });
  const said = `${className(label)} ${lead < 0 ? `is ${size} behind` : `leads by ${size} over`} ${className(rival)}.`;
  const column = columns.length - 1;
  const [strongest] = linksInto(evidence, columns, { column, map: label });
  if (!strongest || column < 2) return said;
  return `${said} Strongest: ${nameOf(columns, { column: column - 1, map: strongest.from })}, ${decimals(strongest.value, { signed: true, places: 1 })}.`;
}

/**
 * What the links that are shown add to the class, and what the others add.
 * @param {Evidence} evidence
 * @param {Column[]} columns
 * @param {Link[]} shown
 */
export function describeSum(evidence, columns, shown) {
  const column = columns.length - 1;
  const into = shown.filter((link) => link.column === column);
  const sum = rounded(sumOf(into), 1);
  const total = rounded(evidence.difference, 1);
  const one = { places: 1 };
  const said = `Its logit is ${decimals(Math.abs(total), one)} ${total < 0 ? "below" : "above"} a blank page’s`;
  return sum === total ? `${said}.` : `${said}: ${decimals(sum, one)} shown, ${decimals(total - sum, one)} in weaker links.`;
}
