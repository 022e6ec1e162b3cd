// @ts-check
// The newest request for each thing that the page shows: "Show code" writes the code of that request.
/** @import { Digit } from "../types.js" */
/** @import { QueryValue } from "../api/address.js" */

/**
 * What the page shows, as its request.
 * @typedef {object} Shown
 * @property {Digit | null} [digit]
 * @property {Record<string, any>} [fields]        What the body has besides the digit.
 * @property {Record<string, QueryValue>} [query]
 * @property {[number, number]} [at]               Row and column of the number in a map.
 */

/** @type {Map<string, Shown>} */
const newest = new Map();

/** @param {string} name  As `POST /models/{model}/code` names it.  @param {Shown} shown */
export function remember(name, shown) {
  newest.set(name, shown);
}

/** @param {string} name */
export function lastRequest(name) {
  return newest.get(name) ?? null;
}

/**
 * The model that is written about: the first one of the request, else that of the page.
 * @param {Shown} shown
 * @param {string} ofPage
 */
export function modelOf({ query = {} }, ofPage) {
  const [first] = [query.model ?? query.models ?? []].flat();
  return typeof first === "string" ? first : ofPage;
}

/**
 * A query as the code has it: without what is not given, and without the number format that the page prefers.
 * @param {Record<string, QueryValue>} query
 */
export function writtenQuery(query) {
  return Object.fromEntries(Object.entries(query).flatMap(([name, value]) =>
    value === null || value === undefined || name === "dtype" ? [] : [[name, Array.isArray(value) ? value.join(",") : value]]));
}
