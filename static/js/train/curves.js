// @ts-check
// Accuracy and loss of one or two training runs over their steps, as an SVG plot.
/** @import { Run, RunName } from "./types.js" */
import { draw, scaleOf } from "../dom/svg.js";
import { formatValue } from "../network/legend.js";
import { curveOf } from "./run.js";

const PLOT = { width: 468, height: 372, left: 58, right: 372 };
const PANELS = { accuracy: { top: 28, bottom: 164 }, loss: { top: 206, bottom: 342 } };
const LEAST_LOSS_RANGE = 2.5; // Nats.
const LABEL_HEIGHT = 17;
const MOST_TICKS = 5;

/**
 * @param {{name: RunName, run: Run}[]} runs
 * @param {boolean} isComparing  Whether to name them.
 * @returns {SVGSVGElement}
 */
export function drawCurves(runs, isComparing) {
  const classes = runs[0]?.run.classes?.length ?? 10;
  const data = runs[0]?.run.classes ? "images" : "digits";
  const curves = runs.map(({ name, run }) => ({ name: isComparing ? `${name} ` : "", ...curveOf(run), style: name }));
  const drawn = curves.filter(({ points }) => points.length);
  const steps = Math.max(1, ...drawn.map((curve) => curve.steps));
  const highest = Math.max(LEAST_LOSS_RANGE, ...drawn.flatMap(({ points }) => points.map(({ loss }) => loss)));
  const ticks = ticksTo(highest);
  const words = drawn.map(({ name, points, steps: all }) => {
    const { step, loss, accuracy } = points[points.length - 1];
    return `${name ? `${name.trimEnd()} after` : "After"} ${step} of ${all} steps: loss ${formatValue(loss)} nats, accuracy ${percent(accuracy)}.`;
  });
  const svg = draw("svg", { class: "plot train-plot", viewBox: `0 0 ${PLOT.width} ${PLOT.height}`, role: "img", "aria-label": words.join(" ") || "No step taken yet." });
  const x = scaleOf([0, steps], [PLOT.left, PLOT.right]);
  svg.append(
    ...drawPanel(PANELS.accuracy, `accuracy on the training ${data}`, [0, 0.5, 1], (share) => `${100 * share}%`, 1 / classes, drawn, ({ accuracy }) => accuracy, percent, x),
    ...drawPanel(PANELS.loss, `loss on the training ${data}, in nats`, ticks, String, Math.log(classes), drawn, ({ loss }) => loss, (loss) => formatValue(loss, 2), x),
    draw("text", { class: "axis", x: PLOT.left, y: PLOT.height - 10 }, "step 0"),
    draw("text", { class: "axis", x: PLOT.right, y: PLOT.height - 10, "text-anchor": "end" }, drawn.length ? steps.toLocaleString("en") : ""),
  );
  return svg;
}

/**
 * @param {{top: number, bottom: number}} panel
 * @param {string} title
 * @param {number[]} ticks  From 0.
 * @param {(tick: number) => string} write
 * @param {number} guessing  What guessing among all classes has.
 * @param {{name: string, style: string, points: {step: number, loss: number, accuracy: number}[]}[]} curves
 * @param {(point: {loss: number, accuracy: number}) => number} of
 * @param {(value: number) => string} describe  Beside the end of a curve.
 * @param {(step: number) => number} x
 */
function drawPanel({ top, bottom }, title, ticks, write, guessing, curves, of, describe, x) {
  const y = scaleOf([0, ticks[ticks.length - 1]], [bottom, top]);
  /** @type {number[]} */
  const taken = [];
  // Not where the line of a tick would strike it through.
  const fitsAbove = !ticks.some((tick) => y(tick) < y(guessing) && y(tick) > y(guessing) - LABEL_HEIGHT);
  return [
    draw("text", { class: "axis", x: PLOT.left, y: top - 12 }, title),
    ...ticks.flatMap((tick) => [
      draw("line", { class: "axis", x1: PLOT.left, x2: PLOT.right, y1: y(tick), y2: y(tick) }),
      draw("text", { class: "axis", x: PLOT.left - 6, y: y(tick) + 5, "text-anchor": "end" }, write(tick)),
    ]),
    draw("line", { class: "guessing", x1: PLOT.left, x2: PLOT.right, y1: y(guessing), y2: y(guessing) }),
    draw("text", { class: "axis", x: PLOT.right - 4, y: y(guessing) + (fitsAbove ? -4 : LABEL_HEIGHT - 5), "text-anchor": "end" }, "guessing"),
    ...curves.flatMap(({ name, style, points }) => {
      const last = points[points.length - 1];
      let at = y(of(last)) + 5;
      while (taken.some((other) => Math.abs(other - at) < LABEL_HEIGHT)) at += 1;
      taken.push(at);
      return [
        draw("polyline", { class: `run-${style}`, points: points.map((point) => `${x(point.step).toFixed(1)},${y(of(point)).toFixed(1)}`).join(" ") }),
        draw("text", { x: x(last.step) + 8, y: at }, `${name}${describe(of(last))}`),
      ];
    }),
  ];
}

/**
 * Round numbers from 0 to at least a value, equally spaced.
 * @param {number} highest
 */
export function ticksTo(highest) {
  const power = 10 ** Math.floor(Math.log10(highest / MOST_TICKS));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => highest / each <= MOST_TICKS) ?? highest;
  return Array.from({ length: Math.ceil(highest / step) + 1 }, (_, i) => Number((i * step).toPrecision(3)));
}

/** @param {number} share */
function percent(share) {
  return `${(100 * share).toFixed(1)}%`;
}
