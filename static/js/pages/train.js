// @ts-check
// A network of one's own: what is chosen, how its training goes, and where it can be explored.
/** @import { PageData, TrainingAnswer, TrainingUpdate } from "../types.js" */
import { cancelTraining, followTraining, getTraining, startTraining } from "../api/trainings.js";
import { build, resizeList } from "../dom-build.js";
import { find, findAll, setText } from "../dom.js";
import { enlarge, paintPlane } from "../draw/plane.js";
import { themeColors } from "../draw/theme-colors.js";
import { draw, scaleOf } from "../views/experiments/svg.js";
import { createLegend, formatValue } from "../views/legend.js";
import { createProblemNote } from "./problem-note.js";

const KERNEL = 72; // CSS pixels, about.
const PLOT = { width: 720, height: 240, left: 44, right: 640, top: 10, bottom: 210 };

/** @type {{colormaps: PageData["colormaps"]}} */
const { colormaps } = JSON.parse(find(document, "#page-data", HTMLScriptElement).text);
const { show: fail, hide: hideProblem } = createProblemNote();
const root = find(document, "#train", HTMLElement);
const form = find(document, "#train-form", HTMLFormElement);
const sliders = findAll(form, "[data-field]", HTMLInputElement);
const status = find(document, "#train-status", HTMLElement);
const startButton = find(document, "#start", HTMLButtonElement);
const cancelButton = find(document, "#cancel", HTMLButtonElement);
const list = find(document, "#train-kernels", HTMLElement);
const legend = createLegend(find(document, "#train-legend", HTMLElement), "weights");

/** @type {TrainingUpdate[]} */
let updates = [];
/** @type {TrainingAnswer["state"]} */
let state = "none";
/** The end of the color scale: it only grows, so that kernels can be compared over time. */
let range = 0.3;
/** @type {HTMLLIElement[]} */
const items = [];

function wish() {
  const fields = Object.fromEntries(sliders.map((slider) => [slider.dataset.field ?? "", slider.valueAsNumber]));
  // Decades of learning rates are alike.
  return /** @type {import("../types.js").Wish} */ ({ ...fields, rate: Number((10 ** fields.rate).toPrecision(2)) });
}

function showWish() {
  const chosen = wish();
  for (const slider of sliders) {
    const field = /** @type {keyof ReturnType<typeof wish>} */ (slider.dataset.field);
    setText(find(form, `output[for="${slider.id}"]`, HTMLOutputElement), field === "kernel_size" ? `${chosen.kernel_size}×${chosen.kernel_size}` : chosen[field].toLocaleString("en", { maximumFractionDigits: 5 }));
  }
  const { kernel_size: size, filters } = chosen;
  const products = 28 * 28 * filters * size * size;
  setText(find(document, "#train-cost", HTMLElement), `${(filters * (size * size + 1)).toLocaleString("en")} weights in the convolution, ${products.toLocaleString("en")} products for each digit; ${(filters * 14 * 14 * 10 + 10).toLocaleString("en")} weights behind it.`);
}

function paint() {
  const running = state === "running";
  startButton.disabled = running;
  cancelButton.disabled = !running;
  root.dataset.state = state;
  find(document, "#explore", HTMLElement).hidden = state !== "done";
  setText(status, sentence());
  paintKernels();
  paintCurves();
}

function paintKernels() {
  const kernels = updates.findLast((update) => update.kernels)?.kernels;
  if (!kernels) return;
  const { diverging } = themeColors(colormaps);
  range = Math.max(range, ...kernels.flat(2).map(Math.abs));
  legend.update([-range, range], diverging);
  resizeList(list, items, kernels.length, (number) => build("li", {}, build("canvas", { class: "plane", width: 5, height: 5, role: "img", "aria-label": `Kernel ${number}` }), build("span", {}, String(number))));
  kernels.forEach((kernel, number) => {
    const canvas = find(items[number], "canvas", HTMLCanvasElement);
    paintPlane(canvas, { width: kernel.length, height: kernel.length, data: Float32Array.from(kernel.flat()) }, diverging, range);
    enlarge(canvas, Math.floor(KERNEL / kernel.length));
  });
}

function paintCurves() {
  const points = updates.flatMap(({ step, loss, accuracy }) => (step !== undefined && loss !== undefined && accuracy !== undefined ? [{ step, loss, accuracy }] : []));
  const steps = updates.findLast((update) => update.steps)?.steps ?? 1;
  const x = scaleOf([0, steps], [PLOT.left, PLOT.right]);
  const y = scaleOf([0, 1], [PLOT.bottom, PLOT.top]);
  const most = Math.max(2.5, ...points.map(({ loss }) => loss));
  const last = points.at(-1);
  const words = last ? `After ${last.step} of ${steps} steps: loss ${formatValue(last.loss)} nats, accuracy ${(100 * last.accuracy).toFixed(1)} %.` : "No step taken yet.";
  const svg = draw("svg", { class: "plot train-plot", viewBox: `0 0 ${PLOT.width} ${PLOT.height}`, role: "img", "aria-label": words });
  for (const share of [0, 0.5, 1]) {
    svg.append(draw("line", { class: "axis", x1: PLOT.left, x2: PLOT.right, y1: y(share), y2: y(share) }), draw("text", { class: "axis", x: PLOT.left - 6, y: y(share) + 4, "text-anchor": "end" }, `${100 * share} %`));
  }
  svg.append(draw("text", { class: "axis", x: PLOT.left, y: PLOT.bottom + 18 }, "step 0"), draw("text", { class: "axis", x: PLOT.right, y: PLOT.bottom + 18, "text-anchor": "end" }, String(steps)));
  if (last) {
    /** @param {(point: {loss: number, accuracy: number}) => number} of */
    const line = (of) => points.map((point) => `${x(point.step).toFixed(1)},${y(of(point)).toFixed(1)}`).join(" ");
    const [accuracyAt, lossAt] = [y(last.accuracy), y(last.loss / most)];
    svg.append(
      draw("polyline", { class: "accuracy", points: line(({ accuracy }) => accuracy) }),
      draw("polyline", { class: "loss", points: line(({ loss }) => loss / most) }),
      draw("text", { x: x(last.step) + 8, y: accuracyAt + 4 }, `${(100 * last.accuracy).toFixed(1)} % right`),
      draw("text", { class: "axis", x: x(last.step) + 8, y: (Math.abs(accuracyAt - lossAt) < 16 ? accuracyAt + 16 : lossAt) + 4 }, `loss ${formatValue(last.loss, 2)}`),
    );
  }
  find(document, "#train-curves", HTMLElement).replaceChildren(svg);
}

function sentence() {
  const source = updates.find((update) => update.source);
  const end = updates.findLast((update) => update.validation_accuracy !== undefined);
  const where = source && `${source.digits?.toLocaleString("en")} ${source.source === "mnist" ? "MNIST training digits" : "digits written by code (MNIST is not on this machine)"}`;
  if (state === "none") return "Nothing trained yet.";
  if (state === "canceled") return "Canceled.";
  if (state === "failed") return "It failed; what went wrong is below.";
  if (state === "running") {
    const { step, steps } = updates.findLast((update) => update.step !== undefined) ?? {};
    return step === undefined ? "Getting digits…" : `Step ${step} of ${steps}, on ${where}.`;
  }
  return `Done in ${end?.seconds} s, on ${where}. Of ${source?.held_out?.toLocaleString("en")} others it reads ${(100 * (end?.validation_accuracy ?? 0)).toFixed(1)} % right.`;
}

function follow() {
  updates = [];
  range = 0.3;
  let frame = 0;
  followTraining((update) => {
    updates.push(update);
    frame ||= requestAnimationFrame(() => {
      frame = 0;
      paint();
    });
  }, (end) => {
    state = end.state;
    if (end.problem) fail(new Error(end.problem));
    cancelAnimationFrame(frame);
    paint();
  });
}

form.addEventListener("input", showWish);
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    hideProblem();
    ({ state } = await startTraining(wish()));
    follow();
    paint();
  } catch (error) {
    fail(error);
  }
});
cancelButton.addEventListener("click", () => cancelTraining().catch(fail));
document.documentElement.addEventListener("themechange", paint);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);

showWish();
paint();
getTraining().then((training) => {
  state = training.state;
  if (state !== "none") follow();
  paint();
}, fail);
