// @ts-check
/** @import { ExperimentContext, ExperimentState, ScrambleRecord } from "../../types.js" */
import { build } from "../../dom-build.js";
import { find, setText } from "../../dom.js";
import { enlarge, paintPlane } from "../../draw/plane.js";
import { draw, scaleOf } from "./svg.js";

const ZOOM = 6;
const ORDER = ["mlp-500", "locally-connected", "cnn"];

/** @type {Record<string, string>} */
const NAMES = { "mlp-500": "Perceptron of 500", "locally-connected": "Locally connected", cnn: "Convolutional" };

/**
 * What each network reaches on digits whose pixels were moved to other places, beside the visitor's own digit.
 * @param {HTMLElement} root
 * @param {ExperimentContext} context
 */
export function createScramble(root, { api, colors, fail }) {
  const plain = find(root, "#scramble-plain", HTMLCanvasElement);
  const scrambled = find(root, "#scramble-scrambled", HTMLCanvasElement);
  /** @type {ScrambleRecord | null} */
  let record = null;
  /** @type {ExperimentState | null} */
  let state = null;

  api.getScramble().then((answer) => {
    record = answer;
    show(root, answer);
    paint();
  }, fail);

  function paint() {
    if (!state) return;
    const { input } = state;
    paintPlane(plain, input, colors().ink, 1);
    if (!record) return;
    const data = Float32Array.from(record.permutation, (from) => input.data[from]);
    paintPlane(scrambled, { ...input, data }, colors().ink, 1);
    root.dataset.painted = "true";
  }

  return {
    /** @param {ExperimentState} newest */
    update(newest) {
      state = newest;
      paint();
    },
    layOut() {
      for (const canvas of [plain, scrambled]) enlarge(canvas, ZOOM);
      paint();
    },
  };
}

/**
 * @param {HTMLElement} root
 * @param {ScrambleRecord} record
 */
function show(root, record) {
  const models = ORDER.flatMap((id) => record.models.filter((model) => model.id === id));
  setText(find(root, "#scramble-verdict", HTMLElement), verdict(models));
  const seeds = record.seeds.length;
  setText(find(root, "#scramble-training", HTMLElement),
    `Measured, not simulated here: every network ${seeds} times on plain and ${seeds} times on scrambled digits, ${record.training_digits.toLocaleString("en")} of them, `
    + `${record.epochs} passes, without augmentation; accuracy on ${record.validation_digits.toLocaleString("en")} others.`);
  find(root, "#scramble-figures", HTMLElement).replaceChildren(...models.map((model) => build("tr", { "data-model": model.id },
    build("th", { scope: "row" }, NAMES[model.id]),
    build("td", { title: model.plain.accuracy.map(share).join(", ") }, share(model.plain.mean)),
    build("td", { title: model.scrambled.accuracy.map(share).join(", ") }, share(model.scrambled.mean)),
    build("td", {}, points(model)))));
  find(root, "#scramble-plot", HTMLElement).replaceChildren(plot(models));
}

/** @typedef {ScrambleRecord["models"]} Models */

/** What the numbers say, whatever they are. @param {Models} models */
function verdict(models) {
  const [least, ...others] = [...models].sort((a, b) => lost(a) - lost(b));
  const most = others[others.length - 1];
  const noise = Math.max(...[least.plain, least.scrambled].map(({ deviation }) => deviation ?? 0));
  const within = lost(least) < 3 * noise ? ", about as much as another seed would do" : "";
  return `${NAMES[least.id]}: loses ${points(least)}${within}. ${NAMES[most.id]}: loses ${points(most)}, `
    + `${Math.round(lost(most) / Math.max(lost(least), 1e-4))} times as much.`;
}

/** Dots for single runs, filled for plain digits and hollow for scrambled ones, a bar for their mean. @param {Models} models */
function plot(models) {
  const width = 640;
  const rowHeight = 44;
  const accuracies = models.flatMap(({ plain, scrambled }) => [...plain.accuracy, ...scrambled.accuracy]);
  const low = Math.floor(100 * Math.min(...accuracies)) / 100;
  const x = scaleOf([low, 1], [150, width - 24]);
  const height = models.length * rowHeight + 40;
  const svg = draw("svg", { class: "plot", viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `Accuracy of single runs: ${verdict(models)}` });
  for (let percent = Math.round(100 * low); percent <= 100; percent += 1) {
    svg.append(
      draw("line", { class: "axis", x1: x(percent / 100), x2: x(percent / 100), y1: 8, y2: height - 32 }),
      draw("text", { class: "axis", x: x(percent / 100), y: height - 16, "text-anchor": "middle" }, `${percent} %`),
    );
  }
  models.forEach(({ id, plain, scrambled }, row) => {
    const y = 8 + (row + 0.5) * rowHeight;
    svg.append(
      draw("text", { x: 0, y: y + 4 }, NAMES[id]),
      draw("line", { class: "span", x1: x(scrambled.mean), x2: x(plain.mean), y1: y, y2: y }),
    );
    for (const [runs, mark, side] of /** @type {const} */ ([[plain, "dot", -7], [scrambled, "ring", 7]])) {
      svg.append(draw("line", { class: "mean", x1: x(runs.mean), x2: x(runs.mean), y1: y - 14, y2: y + 14 }));
      for (const accuracy of runs.accuracy) svg.append(draw("circle", { class: mark, cx: x(accuracy), cy: y + side, r: 4 }));
    }
  });
  svg.append(
    draw("circle", { class: "dot", cx: 154, cy: height - 2, r: 4 }), draw("text", { class: "axis", x: 163, y: height + 2 }, "plain digits, one run"),
    draw("circle", { class: "ring", cx: 304, cy: height - 2, r: 4 }), draw("text", { class: "axis", x: 313, y: height + 2 }, "scrambled digits, one run"),
  );
  svg.setAttribute("viewBox", `0 0 ${width} ${height + 8}`);
  return svg;
}

/** @param {Models[number]} model */
function lost({ plain, scrambled }) {
  return plain.mean - scrambled.mean;
}

/** @param {Models[number]} model */
function points(model) {
  return `${(100 * lost(model)).toFixed(2).replace("-", "−")} points`;
}

/** @param {number} accuracy */
function share(accuracy) {
  return `${(100 * accuracy).toFixed(2)} %`;
}
