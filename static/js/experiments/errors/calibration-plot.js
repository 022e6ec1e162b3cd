// @ts-check
// The calibration curve: how often predictions of each probability are right.
/** @import { CalibrationBin } from "../../api/errors.js" */
import { draw, scaleOf } from "../../dom/svg.js";
import { describeBin } from "./figures.js";

const SIZE = 360;
const LEFT = 52;
const RIGHT = SIZE - 12;
const TOP = 34;
const BOTTOM = SIZE - 46;
const LARGEST_DOT = 11;

/**
 * @param {CalibrationBin[]} bins
 * @returns {SVGSVGElement}
 */
export function calibrationPlot(bins) {
  const x = scaleOf([0, 1], [LEFT, RIGHT]);
  const y = scaleOf([0, 1], [BOTTOM, TOP]);
  const svg = draw("svg", { class: "plot calibration", viewBox: `0 0 ${SIZE} ${SIZE}`, role: "img", "aria-label": `Share classified correctly against the probability: ${bins.filter(({ digits }) => digits).map(describeBin).join("; ")}` });
  for (const value of [0, 0.2, 0.4, 0.6, 0.8, 1]) {
    svg.append(
      draw("line", { class: "axis", x1: LEFT, x2: RIGHT, y1: y(value), y2: y(value) }),
      draw("text", { class: "axis", x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, `${Math.round(100 * value)}%`),
      draw("text", { class: "axis", x: x(value), y: BOTTOM + 18, "text-anchor": "middle" }, `${Math.round(100 * value)}%`),
    );
  }
  svg.append(
    draw("line", { class: "ideal", x1: x(0), y1: y(0), x2: x(1), y2: y(1) }),
    draw("text", { class: "axis", x: (LEFT + RIGHT) / 2, y: BOTTOM + 38, "text-anchor": "middle" }, "probability of the predicted class"),
    draw("text", { class: "axis", x: LEFT, y: TOP - 14 }, "classified correctly"),
  );
  const filled = bins.flatMap(({ mean_probability: mean, accuracy, digits, ...rest }) => (mean === null || accuracy === null ? [] : [{ mean, accuracy, digits, ...rest }]));
  const most = Math.max(...filled.map(({ digits }) => digits));
  svg.append(draw("polyline", { class: "curve", points: filled.map(({ mean, accuracy }) => `${x(mean).toFixed(1)},${y(accuracy).toFixed(1)}`).join(" ") }));
  for (const bin of filled) {
    const dot = draw("circle", { class: "dot", cx: x(bin.mean), cy: y(bin.accuracy), r: Math.max(3, LARGEST_DOT * Math.sqrt(bin.digits / most)).toFixed(1) });
    dot.append(draw("title", {}, describeBin({ ...bin, mean_probability: bin.mean })));
    svg.append(dot, draw("text", { class: "count", x: x(bin.mean) - 14, y: y(bin.accuracy) + 4, "text-anchor": "end" }, bin.digits.toLocaleString("en")));
  }
  return svg;
}
