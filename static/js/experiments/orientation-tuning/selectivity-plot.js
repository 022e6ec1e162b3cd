// @ts-check
/** @import { Tuning } from "../../types.js" */
import { draw, scaleOf } from "../../dom/svg.js";

const WIDTH = 960;
const ROW = 62;
const LEFT = 150;
const RIGHT = 770; // To the right of it, the count in words.
const TOP = 6;
const DOT = 3;

/**
 * @typedef {object} Group
 * @property {string} id
 * @property {string} name
 * @property {Tuning[] | null} filters  Null while unknown.
 */

/**
 * The selectivity of every filter of each group on one axis, a dot each; inactive filters have none and are only counted.
 * @param {Group[]} groups
 * @param {number} selectiveFrom
 * @param {{group: string, filter: number} | null} marked
 */
export function plotSelectivity(groups, selectiveFrom, marked) {
  const x = scaleOf([0, 1], [LEFT, RIGHT]);
  const bottom = TOP + ROW * groups.length;
  const svg = draw("svg", { class: "plot selectivity", viewBox: `0 0 ${WIDTH} ${bottom + 34}`, role: "img", "aria-label": groups.map(sentenceOf).join(" ") });
  for (const share of [0, 0.25, 0.5, 0.75, 1]) {
    svg.append(
      draw("line", { class: "axis", x1: x(share), x2: x(share), y1: TOP, y2: bottom }),
      draw("text", { class: "axis", x: x(share), y: bottom + 16, "text-anchor": "middle" }, String(share)),
    );
  }
  svg.append(
    draw("line", { class: "threshold", x1: x(selectiveFrom), x2: x(selectiveFrom), y1: TOP, y2: bottom }),
    draw("text", { class: "axis", x: x(selectiveFrom), y: bottom + 31, "text-anchor": "middle" }, `called selective from ${selectiveFrom}`),
    draw("text", { class: "axis", x: x(0.75), y: bottom + 31, "text-anchor": "middle" }, "selectivity: 0 all angles alike, 1 one angle only"),
  );
  groups.forEach((group, row) => {
    const middle = TOP + (row + 0.5) * ROW;
    svg.append(draw("text", { x: 0, y: middle + 4, class: "name" }, group.name));
    const active = (group.filters ?? []).filter(({ verdict }) => verdict !== "inactive");
    for (const { tuning, lane } of swarm(active, x)) {
      const chosen = marked?.group === group.id && marked.filter === tuning.filter;
      svg.append(draw("circle", { class: chosen ? "dot chosen" : "dot", cx: x(tuning.selectivity), cy: middle + lane, r: chosen ? 5 : DOT }));
    }
    if (!active.length) return;
    const mean = meanOf(active);
    const chosen = active.filter(({ verdict }) => verdict === "selective").length;
    svg.append(
      draw("line", { class: "mean", x1: x(mean), x2: x(mean), y1: middle - ROW / 2 + 4, y2: middle + ROW / 2 - 4 }),
      draw("text", { x: RIGHT + 14, y: middle - 3, class: "count" }, `${chosen} of ${active.length} selective`),
      draw("text", { x: RIGHT + 14, y: middle + 13, class: "axis" }, `mean ${mean.toFixed(2)}${inactiveOf(group)}`),
    );
  });
  return svg;
}

/** @param {Group} group */
function sentenceOf({ name, filters }) {
  const active = (filters ?? []).filter(({ verdict }) => verdict !== "inactive");
  if (!active.length) return `${name}: not measured yet.`;
  const selective = active.filter(({ verdict }) => verdict === "selective").length;
  return `${name}: ${selective} of ${active.length} active ones are selective, mean selectivity ${meanOf(active).toFixed(2)}.`;
}

/** @param {Tuning[]} filters */
function meanOf(filters) {
  return filters.reduce((sum, { selectivity }) => sum + selectivity, 0) / filters.length;
}

/** @param {Group} group */
function inactiveOf({ filters }) {
  const inactive = (filters ?? []).filter(({ verdict }) => verdict === "inactive").length;
  return inactive ? `, ${inactive} inactive` : "";
}

/**
 * Dots that would cover each other are moved apart, up and down in turn.
 * @param {Tuning[]} filters
 * @param {(value: number) => number} x
 */
function swarm(filters, x) {
  /** @type {number[]} */
  const ends = [];
  return [...filters].sort((a, b) => a.selectivity - b.selectivity).map((tuning) => {
    const at = x(tuning.selectivity);
    const free = ends.findIndex((end) => end <= at);
    const lane = free < 0 ? ends.length : free;
    ends[lane] = at + 2 * DOT + 0.5;
    const side = lane % 2 ? -1 : 1;
    return { tuning, lane: Math.max(-ROW / 2 + 5, Math.min(ROW / 2 - 5, side * Math.ceil(lane / 2) * (2 * DOT - 1))) };
  });
}
