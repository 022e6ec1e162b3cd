// @ts-check
// Loss and accuracy of a training run as an SVG plot.
/** @import { Run } from "./types.js" */
import { draw, scaleOf } from "../dom/svg.js";
import { formatValue } from "../network/legend.js";
import { curveOf } from "./run.js";

const PLOT = { width: 480, height: 240, left: 64, right: 360, top: 12, bottom: 206 };
const LEAST_LOSS_RANGE = 2.5; // Nats: guessing among ten classes costs 2.3.
const LABEL_HEIGHT = 16;

/** @param {Run} run  @returns {SVGElement} */
export function drawCurves(run) {
  const { points, steps } = curveOf(run);
  const x = scaleOf([0, steps], [PLOT.left, PLOT.right]);
  const y = scaleOf([0, 1], [PLOT.bottom, PLOT.top]);
  const last = points.at(-1);
  const words = last
    ? `After ${last.step} of ${steps} steps: loss ${formatValue(last.loss)} nats, accuracy ${percent(last.accuracy)}.`
    : "No step taken yet.";
  const svg = draw("svg", { class: "plot train-plot", viewBox: `0 0 ${PLOT.width} ${PLOT.height}`, role: "img", "aria-label": words });
  for (const share of [0, 0.5, 1]) {
    svg.append(
      draw("line", { class: "axis", x1: PLOT.left, x2: PLOT.right, y1: y(share), y2: y(share) }),
      draw("text", { class: "axis", x: PLOT.left - 6, y: y(share) + 4, "text-anchor": "end" }, `${100 * share}%`),
    );
  }
  svg.append(
    draw("text", { class: "axis", x: PLOT.left, y: PLOT.bottom + 18 }, "step 0"),
    draw("text", { class: "axis", x: PLOT.right, y: PLOT.bottom + 18, "text-anchor": "end" }, String(steps)),
  );
  if (last) {
    const most = Math.max(LEAST_LOSS_RANGE, ...points.map(({ loss }) => loss));
    /** @param {(point: {loss: number, accuracy: number}) => number} of */
    const line = (of) => points.map((point) => `${x(point.step).toFixed(1)},${y(of(point)).toFixed(1)}`).join(" ");
    const [accuracyAt, lossAt] = [y(last.accuracy), y(last.loss / most)];
    const lossLabelAt = Math.abs(accuracyAt - lossAt) < LABEL_HEIGHT ? accuracyAt + LABEL_HEIGHT : lossAt;
    svg.append(
      draw("polyline", { class: "accuracy", points: line(({ accuracy }) => accuracy) }),
      draw("polyline", { class: "loss", points: line(({ loss }) => loss / most) }),
      draw("text", { x: x(last.step) + 8, y: accuracyAt + 4 }, `${percent(last.accuracy)} correct`),
      draw("text", { class: "axis", x: x(last.step) + 8, y: lossLabelAt + 4 }, `loss ${formatValue(last.loss, 2)}`),
    );
  }
  return svg;
}

/** @param {number} share */
function percent(share) {
  return `${(100 * share).toFixed(1)}%`;
}
