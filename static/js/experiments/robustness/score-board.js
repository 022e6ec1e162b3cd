// @ts-check
// A table of the best scores.
/** @import { Kind } from "../../api/robustness.js" */
/** @import { Scores } from "./scores.js" */
import { build } from "../../dom/build.js";
import { formatLevel } from "./sentences.js";

/**
 * @param {HTMLTableElement} table
 * @param {Scores} scores
 * @param {{kind: Kind, name: string}[]} kinds
 * @param {{id: string, name: string}[]} networks
 */
export function paintScoreBoard(table, scores, kinds, networks) {
  const head = build("tr", {}, build("th", { scope: "col" }, "Change"), ...networks.map(({ name }) => build("th", { scope: "col" }, name)));
  const rows = kinds.map(({ kind, name }) => build("tr", {}, build("th", { scope: "row" }, name), ...networks.map(({ id }) => {
    const level = scores[kind]?.[id];
    return build("td", {}, level === undefined ? "–" : formatLevel(kind, level));
  })));
  table.replaceChildren(...(table.caption ? [table.caption] : []), build("thead", {}, head), build("tbody", {}, ...rows));
}
