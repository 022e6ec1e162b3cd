// @ts-check
// Which pixels speak for a class: the gradient of its logit, and what covering each place takes away.
/** @import { Digit, Plane, Prediction, Tensor } from "../types.js" */
import { postForTensors } from "../api/experiment-request.js";
import { postDigit } from "../api/http.js";
import { find, findAll, setText } from "../dom.js";
import { enlarge, paintPlane } from "../draw/plane.js";
import { createLegend, formatValue } from "../views/legend.js";
import { createPredictionBars, percent } from "../views/prediction-bars.js";
import { openDigitPage } from "./digit-page.js";

const SIDE = 28;

/** @type {Record<string, [number, number]>} */
const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/**
 * @typedef {object} Known
 * @property {Plane} input
 * @property {Prediction | null} prediction
 * @property {Float32Array} probabilities
 * @property {number} label
 * @property {number} logit
 * @property {Plane} gradient
 * @property {Plane} covered     Change of the logit, by the middle of the square; zero where no square has its middle.
 * @property {number} size
 */

const page = openDigitPage();
const { announce, signal, colors, data: { model } } = page;
const bars = createPredictionBars(find(document, "#prediction", HTMLElement));
const classes = findAll(document, "#classes button", HTMLButtonElement);
const square = find(document, "#square", HTMLInputElement);
const canvases = {
  gradient: find(document, "#saliency-map", HTMLCanvasElement),
  covered: find(document, "#occlusion-map", HTMLCanvasElement),
  input: find(document, "#pointed", HTMLCanvasElement),
};
const legends = {
  gradient: createLegend(find(document, "#saliency-legend", HTMLElement), "logit per ink"),
  covered: createLegend(find(document, "#occlusion-legend", HTMLElement), "change of the logit"),
};
const box = find(document, ".marked .box", HTMLElement);

/** The class that the visitor asks about; null: the one that is read. @type {number | null} */
let label = labelOf(new URLSearchParams(location.hash.slice(1)));
let timesInk = false;
/** @type {Known | null} */
let known = null;
/** @type {{map: "gradient" | "covered", row: number, column: number} | null} */
let pointed = null;

/** @param {Digit} digit  @param {number} sequence */
async function ask(digit, sequence) {
  const size = square.valueAsNumber;
  const blank = digit.kind === "strokes" && !digit.strokes.length;
  const asked = label ?? (blank ? (known?.label ?? 0) : null);
  const fields = asked === null ? {} : { label: asked };
  const [reading, saliency, occlusion] = await Promise.all([
    postDigit(model.id, { digit, layers: [model.layers[model.layers.length - 1].name] }, sequence),
    postForTensors("saliency", digit, fields, { dtype: "float32" }),
    postForTensors("occlusion", digit, { ...fields, size }, { dtype: "float32" }),
  ]);
  return { reading, saliency, occlusion, size };
}

const { askAgain, schedulePaint, rememberInAddress } = page.start({
  ask,
  onAnswer({ reading, saliency, occlusion, size }) {
    const answer = JSON.parse(saliency.metadata.answer);
    const { tensors: { input }, framing, prediction } = reading;
    known = {
      input: planeOf(input),
      prediction,
      probabilities: reading.tensors.probabilities.data,
      label: answer.label,
      logit: answer.logit,
      gradient: planeOf(saliency.tensors.gradient),
      covered: centered(occlusion.tensors.logit_changes, size),
      size,
    };
    announce(sentence(known));
    return { input, framing };
  },
  paint,
  layOut() {
    const zoom = matchMedia("(max-width: 760px)").matches ? 8 : 10;
    for (const canvas of Object.values(canvases)) enlarge(canvas, zoom);
  },
  extra: () => [...(label === null ? [] : [`l=${label}`]), ...(square.value === "5" ? [] : [`q=${square.value}`])].join("&"),
  restore(fields) {
    label = labelOf(fields);
    square.value = fields.get("q") ?? "5";
  },
});

function paint() {
  if (!known) return;
  const { input, prediction, probabilities, label: asked, covered } = known;
  const { diverging, ink } = colors();
  bars.update(prediction, probabilities);
  for (const button of classes) button.setAttribute("aria-pressed", String(Number(button.dataset.label) === asked));
  for (const button of findAll(document, "[data-times]", HTMLButtonElement)) button.setAttribute("aria-pressed", String(button.dataset.times === String(timesInk)));
  setText(find(document, "#square-value", HTMLOutputElement), square.value);
  setText(find(document, "#class-sentence", HTMLElement), sentence(known));
  const saliency = shownGradient(known);
  for (const [name, plane] of /** @type {["gradient" | "covered", Plane][]} */ ([["gradient", saliency], ["covered", covered]])) {
    const range = plane.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
    paintPlane(canvases[name], plane, diverging, range);
    legends[name].update([-range, range], diverging);
  }
  setText(/** @type {HTMLElement} */ (document.querySelector("#saliency-legend .legend span")), timesInk ? "logit" : "logit per ink");
  paintPlane(canvases.input, input, ink, 1);
  Object.assign(document.body.dataset, { label: String(asked), shown: timesInk ? "gradient-times-ink" : "gradient" });
  paintPointed();
}

function paintPointed() {
  box.hidden = !pointed || !known;
  if (!pointed || !known) return;
  const { map, row, column } = pointed;
  const reach = map === "covered" ? (known.size - 1) / 2 : 0;
  const zoom = parseFloat(canvases.input.style.inlineSize) / SIDE;
  const [top, left] = [row - reach, column - reach];
  box.style.insetBlockStart = `${top * zoom}px`;
  box.style.insetInlineStart = `${left * zoom}px`;
  box.style.inlineSize = box.style.blockSize = `${(2 * reach + 1) * zoom}px`;
  setText(find(document, "#pointed-sentence", HTMLElement), words(known, pointed));
}

/** @param {Known} state  @param {NonNullable<typeof pointed>} at */
function words({ input, gradient, covered, size, label: asked }, { map, row, column }) {
  const cell = row * SIDE + column;
  const where = `Row ${row}, column ${column}`;
  if (map === "gradient") {
    return `${where}: ink ${formatValue(input.data[cell], 2)}. A little more here changes the logit of ${asked} by ${formatValue(gradient.data[cell])} for each unit of ink.`;
  }
  const reach = (size - 1) / 2;
  const whole = [row, column].every((place) => place >= reach && place < SIDE - reach);
  if (!whole) return `${where}: no whole square has its middle here.`;
  return `${where}: covering ${size}×${size} pixels around it changes the logit of ${asked} by ${formatValue(covered.data[cell])}.`;
}

/** @param {Known} state */
function shownGradient({ gradient, input }) {
  return timesInk ? { ...gradient, data: gradient.data.map((value, i) => value * input.data[i]) } : gradient;
}

/** @param {Known} state */
function sentence({ prediction, label: asked, logit, probabilities }) {
  const read = prediction ? `The network reads ${prediction.digit} (${percent(prediction.probability)}).` : "The pad is blank: nothing is read.";
  return `${read} Logit of ${asked}: ${formatValue(logit)}${prediction && prediction.digit !== asked ? `, probability ${percent(probabilities[asked])}` : ""}.`;
}

/**
 * The changes laid out by the middle of their square.
 * @param {Tensor} changes  [n, n], for every place of the square at stride 1.
 * @param {number} size
 * @returns {Plane}
 */
function centered({ shape: [rows, columns], data }, size) {
  const reach = (size - 1) / 2;
  const plane = new Float32Array(SIDE * SIDE);
  for (let row = 0; row < rows; row += 1) plane.set(data.subarray(row * columns, (row + 1) * columns), (row + reach) * SIDE + reach);
  return { width: SIDE, height: SIDE, data: plane };
}

/** @param {Tensor} tensor  @returns {Plane} */
function planeOf({ shape: [height, width], data }) {
  return { width, height, data };
}

// --- Inputs --------------------------------------------------------------------------------------------------------

for (const button of classes) {
  button.addEventListener("click", () => {
    const chosen = Number(button.dataset.label);
    label = chosen === label ? null : chosen;
    askAgain();
    rememberInAddress();
  }, { signal });
}
for (const button of findAll(document, "[data-times]", HTMLButtonElement)) {
  button.addEventListener("click", () => {
    timesInk = button.dataset.times === "true";
    schedulePaint();
  }, { signal });
}
square.addEventListener("input", () => {
  askAgain();
  rememberInAddress();
}, { signal });

for (const map of /** @type {const} */ (["gradient", "covered"])) {
  const canvas = canvases[map];
  canvas.addEventListener("pointermove", ({ offsetX, offsetY }) => {
    const zoom = canvas.clientWidth / SIDE;
    const inside = (/** @type {number} */ place) => Math.min(SIDE - 1, Math.max(0, Math.floor(place / zoom)));
    pointed = { map, row: inside(offsetY), column: inside(offsetX) };
    paintPointed();
  }, { signal });
  canvas.addEventListener("keydown", (event) => {
    const step = STEPS[event.key];
    if (!step || !known) return;
    event.preventDefault();
    const inside = (/** @type {number} */ place) => Math.min(SIDE - 1, Math.max(0, place));
    const from = pointed ?? { row: 14, column: 14 };
    pointed = { map, row: inside(from.row + step[0]), column: inside(from.column + step[1]) };
    paintPointed();
    announce(words(known, pointed));
  }, { signal });
}

/** @param {URLSearchParams} fields */
function labelOf(fields) {
  const given = fields.get("l") ?? "";
  return /^\d$/.test(given) ? Number(given) : null;
}
