// @ts-check
// Shares of one, each network's against the level of something, with their names at the right.
/** @import { Connection } from "../types.js" */
import { draw, scaleOf } from "../dom/svg.js";

const WIDTH = 760;
const HEIGHT = 280;
const LEFT = 40;
const RIGHT = 560; // Right of it there is room for the names of the curves.
const TOP = 12;
const BOTTOM = 240;
const LABEL_HEIGHT = 16;

/** A curve of the plot. @typedef {{id: string, connection: Connection | "cosine" | "other", name: string, values: (number | null)[]}} Series */

/**
 * @typedef {object} Curves
 * @property {number[]} levels  Ascending.
 * @property {string[]} labels  Of the levels; empty where there is no room for one.
 * @property {string} title
 * @property {string} axis      What the levels are.
 * @property {Series[]} series
 */

/**
 * @param {Curves} curves
 * @param {number} now  The level that is marked.
 */
export function curvePlot({ levels, labels, title, axis, series }, now) {
  const first = levels[0];
  const last = levels[levels.length - 1];
  const x = scaleOf([first, last], [LEFT, RIGHT]);
  const y = scaleOf([0, 1], [BOTTOM, TOP]);
  const svg = draw("svg", { class: "plot", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": title });
  for (const value of [0, 0.25, 0.5, 0.75, 1]) {
    svg.append(
      draw("line", { class: "axis", x1: LEFT, x2: RIGHT, y1: y(value), y2: y(value) }),
      draw("text", { class: "axis", x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, value.toFixed(2)),
    );
  }
  levels.forEach((level, i) => svg.append(draw("text", { class: "axis", x: x(level), y: BOTTOM + 18, "text-anchor": "middle" }, labels[i])));
  svg.append(draw("text", { class: "axis", x: (LEFT + RIGHT) / 2, y: BOTTOM + 36, "text-anchor": "middle" }, axis));
  if (now >= first && now <= last) svg.append(draw("line", { class: "now", x1: x(now), x2: x(now), y1: TOP - 8, y2: BOTTOM }));
  const ends = series.map(({ values }) => y(values[values.length - 1] ?? 0));
  const heights = spread(ends, LABEL_HEIGHT, BOTTOM);
  series.forEach(({ connection, name, values }, i) => {
    const points = values.flatMap((value, at) => (value === null ? [] : [`${x(levels[at]).toFixed(1)},${y(value).toFixed(1)}`]));
    svg.append(
      draw("polyline", { class: "line", "data-connection": connection, points: points.join(" ") }),
      draw("line", { class: "axis", x1: RIGHT + 2, x2: RIGHT + 12, y1: ends[i], y2: heights[i] }),
      draw("line", { class: "line", "data-connection": connection, x1: RIGHT + 14, x2: RIGHT + 40, y1: heights[i], y2: heights[i] }),
      draw("text", { x: RIGHT + 46, y: heights[i] + 4 }, name),
    );
    const value = values[levels.indexOf(now)];
    if (value !== null && value !== undefined) svg.append(draw("circle", { class: "dot", cx: x(now), cy: y(value), r: 3 }));
  });
  return svg;
}

/**
 * Positions for labels near the wanted ones, at least `distance` apart and none below `floor`.
 * @param {number[]} wanted
 * @param {number} distance
 * @param {number} floor
 */
export function spread(wanted, distance, floor) {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b]);
  const positions = [...wanted];
  order.forEach((i, rank) => {
    if (rank) positions[i] = Math.max(positions[i], positions[order[rank - 1]] + distance);
  });
  // A label that would be below the plot pushes the others up.
  let lowest = floor;
  for (const i of [...order].reverse()) {
    positions[i] = Math.min(positions[i], lowest);
    lowest = positions[i] - distance;
  }
  return positions;
}
