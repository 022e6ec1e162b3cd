// @ts-check
// The fields of the page's address: bar=angle,length,width,row,column; grating, dark, still; of=the group.
/** @import { Bar, TuningGroup, TuningMeasure } from "../../types.js" */
import { fieldsOf, LINK_VERSION, linkProblem } from "../../shell/url.js";
import { BAR_SIZE } from "./bar.js";

/** @type {Bar} */
export const OPENING_BAR = { length: 20, width: 3, row: 14, column: 14, grating: false, dark: false };
export const OPENING_ANGLE = 45;

/** @typedef {{bar: Bar, angle: number, measure: TuningMeasure, group: TuningGroup}} TuningState */

/**
 * The view of the address; missing or damaged fields have their initial values.
 * @param {string} hash  With its "#".
 * @param {TuningGroup[]} groups
 * @returns {TuningState}
 */
export function fromAddress(hash, groups) {
  const fields = linkProblem(hash) ? new URLSearchParams() : fieldsOf(hash);
  const text = fields.get("bar") ?? "";
  const numbers = /^\d+(\.\d+)?(,\d+(\.\d+)?){4}$/.test(text) ? text.split(",").map(Number) : null;
  const [angle, length, width, row, column] = numbers ?? [OPENING_ANGLE, OPENING_BAR.length, OPENING_BAR.width, OPENING_BAR.row, OPENING_BAR.column];
  return {
    angle: angle % 180,
    bar: {
      length: within(length, 2, 40),
      width: within(width, 1, 14),
      row: within(row, 0, BAR_SIZE),
      column: within(column, 0, BAR_SIZE),
      grating: fields.get("grating") === "1",
      dark: fields.get("dark") === "1",
    },
    measure: fields.get("still") === "1" ? "center" : "swept",
    group: groups.find(({ id }) => id === fields.get("of")) ?? groups[0],
  };
}

/**
 * @param {TuningState} state
 * @param {TuningGroup[]} groups
 * @returns {string} With its "#".
 */
export function toAddress({ bar, angle, measure, group }, groups) {
  const parts = [`v=${LINK_VERSION}`, `bar=${[Math.round(angle), bar.length, bar.width, bar.row, bar.column].join(",")}`];
  if (bar.grating) parts.push("grating=1");
  if (bar.dark) parts.push("dark=1");
  if (measure === "center") parts.push("still=1");
  if (group !== groups[0]) parts.push(`of=${group.id}`);
  return `#${parts.join("&")}`;
}

/** An angle as 0–180°. @param {number} angle */
export function wrapAngle(angle) {
  return ((angle % 180) + 180) % 180;
}

/** The bar's center at a position, on half pixels inside the image. @param {number} row  @param {number} column */
export function centerAt(row, column) {
  /** @param {number} position */
  const onHalf = (position) => within(Math.round(2 * position) / 2, 0, BAR_SIZE);
  return { row: onHalf(row), column: onHalf(column) };
}

/** @param {number} number  @param {number} least  @param {number} most */
function within(number, least, most) {
  return Math.min(most, Math.max(least, number));
}
