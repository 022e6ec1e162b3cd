// @ts-check
// The kernel editor: what the visitor makes of kernels, and what the network makes of the digit then.
/** @import { Answer, Digit, EditedAccuracy, KernelEdit, Plane, Tensor } from "../types.js" */
import { describePrediction } from "../a11y/describe.js";
import { createDigitChannel } from "../api/digit-channel.js";
import { postEdited, postEditedAccuracy } from "../api/editor.js";
import { getWeights } from "../api/exact.js";
import { postDigit } from "../api/http.js";
import { build, resizeList } from "../dom-build.js";
import { find, findAll, setText } from "../dom.js";
import { enlarge, paintPlane, paintSheet } from "../draw/plane.js";
import { differenceOf } from "../state/arithmetic.js";
import { bodyOfEdits, decodeEdits, encodeEdits, sameTarget, withEdit, withoutEdit } from "../state/kernel-edits.js";
import { normOf, presetKernel, randomKernel } from "../state/kernel-presets.js";
import { planesOf } from "../state/selectors.js";
import { createKernelPad } from "../views/editor/kernel-pad.js";
import { createLegend, formatValue } from "../views/legend.js";
import { createPredictionBars, percent } from "../views/prediction-bars.js";
import { openDigitPage } from "./digit-page.js";

const THUMBNAIL = 40;
const SHEET_WIDTH = 500;
const RESTED = 600; // Milliseconds without an edit, before a thousand digits are read.
const UNDO_DEPTH = 200;

const page = openDigitPage();
const { announce, fail, colors, signal, data: { model } } = page;
const root = find(document, ".editor", HTMLElement);
const convolutions = model.layers.filter(({ kind }) => kind === "conv2d");
const rectified = model.layers.filter(({ kind }) => kind === "relu").map(({ name }) => name);
const layerNames = convolutions.map(({ name }) => name);

/** @param {string} name */
const layerOf = (name) => convolutions.find((layer) => layer.name === name) ?? convolutions[0];
/** The ReLU behind a convolution, whose maps are shown. @param {string} name */
const behind = (name) => model.layers[model.layers.findIndex((layer) => layer.name === name) + 1];
/** @param {string} name  @returns {[number, number, number]} [C, k, k] */
function kernelShape(name) {
  const { input_shape: [channels], kernel_size: size } = layerOf(name);
  return [channels, size ?? 1, size ?? 1];
}

// --- State ---------------------------------------------------------------------------------------------------------

let layer = layerNames[0];
let filter = 0;
let channel = 0;
let tied = true;
let place = { row: 14, column: 14 };
let shown = "edited";
/** @type {KernelEdit[]} */
let edits = editsOf(new URLSearchParams(location.hash.slice(1)));
/** @type {KernelEdit[][]} */
let past = [];
/** @type {KernelEdit[][]} */
let future = [];
/** As learned, by layer. @type {Map<string, Tensor>} */
const kernels = new Map();
/** @type {{digit: Digit, learned: Answer, edited: Answer} | null} */
let known = null;
/** @type {EditedAccuracy | null} */
let accuracy = null;

const target = () => ({ layer, filter, place: tied ? null : place });
const currentEdit = () => edits.find((each) => sameTarget(each, target()));

/** The kernel as it is now, of the chosen filter and place, all channels. */
function currentKernel() {
  const learned = kernels.get(layer);
  if (!learned) return null;
  const size = kernelShape(layer).reduce((a, b) => a * b);
  const shared = edits.find((each) => sameTarget(each, { layer, filter, place: null }));
  const edit = currentEdit() ?? shared;
  if (edit?.silenced) return new Float32Array(size);
  return edit?.kernel ?? learned.data.subarray(filter * size, (filter + 1) * size);
}

/** @param {KernelEdit[]} next  @param {boolean} [continued]  Part of the edit before it. */
function change(next, continued = false) {
  if (!continued) past = [...past.slice(1 - UNDO_DEPTH), edits];
  future = [];
  edits = next;
  edited();
}

function edited() {
  askAgain();
  rememberInAddress();
  measureSoon();
  schedulePaint();
}

/** @param {Float32Array} weights  Of the chosen channel. @param {boolean} [continued] */
function setChannel(weights, continued = false) {
  const kernel = currentKernel();
  if (!kernel) return;
  const next = kernel.slice();
  next.set(weights, channel * weights.length);
  change(withEdit(edits, { ...target(), kernel: next, silenced: false }), continued);
}

function channelWeights() {
  const [, rows, columns] = kernelShape(layer);
  return currentKernel()?.subarray(channel * rows * columns, (channel + 1) * rows * columns) ?? null;
}

/** The largest learned weight of the layer: the end of its scale, whatever is painted. */
function rangeOf() {
  return (kernels.get(layer)?.data.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0) ?? 1) || 1;
}

// --- The server ----------------------------------------------------------------------------------------------------

/** @type {{digit: Digit, untied: string, answer: Answer} | null} */
let baseline = null;

/**
 * What the learned network answers; of layers that are untied, with the learned kernel everywhere: sums are then taken in
 * the same order, and whatever differs from it was edited.
 * @param {Digit} digit
 * @param {number} sequence
 */
async function askLearned(digit, sequence) {
  const ties = edits.flatMap(({ layer: name, filter: number, place: at }) => (at ? [{ layer: name, filter: number, ...at }] : []));
  const untied = [...new Set(ties.map(({ layer: name }) => name))].join();
  if (baseline?.digit === digit && baseline.untied === untied) return baseline.answer;
  const answer = ties.length ? await postEdited(model.id, digit, ties, rectified) : await postDigit(model.id, { digit, layers: rectified }, sequence);
  baseline = { digit, untied, answer };
  return answer;
}

/** @param {Digit} digit  @param {number} sequence */
async function ask(digit, sequence) {
  const body = bodyOfEdits(edits, kernelShape);
  const learned = await askLearned(digit, sequence);
  return { learned, edited: body.length ? await postEdited(model.id, digit, body, rectified) : learned };
}

const measurer = createDigitChannel(
  /** @param {KernelEdit[]} question */
  async (question) => ({ question, answer: await postEditedAccuracy(model.id, bodyOfEdits(question, kernelShape)) }),
  {
    onAnswer({ question, answer }) {
      if (question !== edits) return;
      accuracy = answer;
      showAccuracy();
      announce(find(document, "#accuracy-sentence", HTMLElement).textContent ?? "");
    },
    onFailure: fail,
  },
);

/** @type {ReturnType<typeof setTimeout> | undefined} */
let measureTimer;

function measureSoon() {
  accuracy = null;
  clearTimeout(measureTimer);
  measureTimer = setTimeout(() => measurer.send(edits), RESTED);
}

/** @param {string} name */
async function fetchKernels(name) {
  if (kernels.has(name)) return;
  try {
    kernels.set(name, (await getWeights(model.id, name)).kernels);
    schedulePaint();
  } catch (error) {
    fail(error);
  }
}

// --- Views ---------------------------------------------------------------------------------------------------------

const bars = createPredictionBars(find(document, "#prediction", HTMLElement));
const list = find(document, "#editor-kernels", HTMLElement);
const legends = find(document, "#kernel-legends", HTMLElement);
const weightsLegend = createLegend(legends, "weights");
const mapsLegend = createLegend(legends, "maps");
const brush = find(document, "#brush", HTMLInputElement);
const gaborAngle = find(document, "#gabor", HTMLInputElement);
const channelChoice = find(document, "#channel", HTMLSelectElement);
const editedCanvas = find(document, "#map-edited", HTMLCanvasElement);
const learnedCanvas = find(document, "#map-learned", HTMLCanvasElement);
const box = find(document, ".marked .box", HTMLElement);
const placeInputs = /** @type {const} */ (["row", "column"]).map((name) => ({ name, input: find(document, `#place-${name}`, HTMLInputElement) }));
const sheets = findAll(document, "#sheets [data-layer]", HTMLLIElement).map((item) => ({
  name: item.dataset.layer ?? "",
  canvas: find(item, "canvas", HTMLCanvasElement),
  note: find(item, ".sheet-note", HTMLElement),
  legend: createLegend(find(item, ".legends", HTMLElement), "maps"),
}));
/** @type {{item: HTMLLIElement, button: HTMLButtonElement, canvas: HTMLCanvasElement, number: HTMLElement}[]} */
let thumbnails = [];
/** @type {HTMLLIElement[]} */
const items = [];

const pad = createKernelPad(find(document, "#paint", HTMLElement), {
  signal,
  announce,
  brush: () => brush.valueAsNumber * rangeOf(),
  begin: () => (past = [...past.slice(1 - UNDO_DEPTH), edits]),
  paint(cell, weight) {
    const weights = channelWeights()?.slice();
    if (!weights) return;
    weights[cell] = weight;
    setChannel(weights, true);
  },
});

const { schedulePaint, askAgain, rememberInAddress } = page.start({
  ask,
  onAnswer({ learned, edited: newest }, digit) {
    known = { digit, learned, edited: newest };
    announce(describePrediction(newest.prediction));
    return { input: learned.tensors.input, framing: learned.framing };
  },
  paint,
  layOut: () => {},
  extra: () => (edits.length ? `e=${encodeEdits(edits, layerNames)}` : ""),
  restore(fields) {
    edits = editsOf(fields);
    [past, future] = [[], []];
    measureSoon();
  },
});

function paint() {
  paintKernels();
  paintMaps();
  paintSheets();
  showControls();
  showAccuracy();
}

function paintKernels() {
  const tensor = kernels.get(layer);
  if (!tensor) return;
  const [channels, rows, columns] = kernelShape(layer);
  const size = rows * columns;
  const range = rangeOf();
  const { diverging } = colors();
  weightsLegend.update([-range, range], diverging);
  resizeList(list, items, tensor.shape[0], (number) => {
    const canvas = build("canvas", { class: "plane", width: columns, height: rows, "aria-hidden": "true" });
    const label = build("span", {}, String(number));
    const button = build("button", { type: "button" }, canvas, label);
    button.addEventListener("click", () => {
      filter = number;
      schedulePaint();
    }, { signal });
    const item = build("li", {}, button);
    thumbnails[number] = { item, button, canvas, number: label };
    return item;
  });
  thumbnails.length = tensor.shape[0];
  thumbnails.forEach(({ button, canvas, number: label }, number) => {
    const own = edits.filter((each) => each.layer === layer && each.filter === number);
    const whole = own.find((each) => !each.place);
    const begin = channel * size;
    const weights = whole?.silenced ? new Float32Array(size) : (whole?.kernel ?? tensor.data.subarray(number * channels * size)).subarray(begin, begin + size);
    paintPlane(canvas, { width: columns, height: rows, data: weights }, diverging, range);
    enlarge(canvas, Math.floor(THUMBNAIL / columns));
    button.setAttribute("aria-pressed", String(number === filter));
    button.setAttribute("aria-label", `Kernel ${number}${whole?.silenced ? ", silenced" : own.length ? ", edited" : ""}`);
    label.className = own.length ? "edited" : "";
  });
  const weights = channelWeights();
  if (weights) pad.update(`Weights of kernel ${filter}${channels > 1 ? `, input map ${channel}` : ""}`, weights, range, colors());
}

function paintMaps() {
  if (!known) return;
  const after = behind(layer);
  const [learned, now] = [known.learned, known.edited].map(({ tensors }) => planesOf(tensors[after.name])[filter]);
  const range = after.display_range[1];
  const { diverging } = colors();
  mapsLegend.update([0, range], diverging);
  const zoom = Math.floor((matchMedia("(max-width: 760px)").matches ? 140 : 196) / now.width);
  for (const [canvas, plane] of /** @type {[HTMLCanvasElement, Plane][]} */ ([[learnedCanvas, learned], [editedCanvas, now]])) {
    paintPlane(canvas, plane, diverging, range);
    enlarge(canvas, zoom);
  }
  box.hidden = tied;
  box.style.insetInlineStart = `${place.column * zoom}px`;
  box.style.insetBlockStart = `${place.row * zoom}px`;
  box.style.inlineSize = box.style.blockSize = `${zoom}px`;
  const changed = now.data.reduce((count, value, i) => count + Number(value !== learned.data[i]), 0);
  const uses = tied ? `Its weights are shared: one edit changes what all ${now.data.length} neurons compute.` : `Untied: the edit changes the neuron at row ${place.row}, column ${place.column}, and no other.`;
  setText(find(document, "#tie-sentence", HTMLElement), `${uses} ${changed} of ${now.data.length} values of this map differ from the learned ones.`);
  root.dataset.changed = String(changed);
}

function paintSheets() {
  if (!known) return;
  const { diverging } = colors();
  for (const { name, canvas, note, legend } of sheets) {
    const [learned, now] = [known.learned, known.edited].map(({ tensors }) => tensors[name]);
    const difference = differenceOf(now, learned);
    const tensor = shown === "edited" ? now : shown === "learned" ? learned : difference;
    const range = model.layers.find((each) => each.name === name)?.display_range[1] ?? 1;
    const planes = planesOf(tensor);
    const columns = planes[0].width > 20 ? 8 : 16;
    paintSheet(canvas, planes, columns, diverging, () => range);
    const room = Math.min(SHEET_WIDTH, find(document, "#sheets", HTMLElement).clientWidth);
    enlarge(canvas, Math.max(1, Math.floor(room / canvas.width)));
    legend.update([shown === "difference" ? -range : 0, range], diverging);
    const largest = difference.data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    setText(note, largest ? `largest change ${formatValue(largest, 2)}` : "unchanged");
    canvas.dataset.painted = shown;
  }
}

function showControls() {
  const [channels, rows] = kernelShape(layer);
  const edit = currentEdit();
  setText(find(document, "#paint-title", HTMLElement), `Kernel ${filter} of ${layer}`);
  setText(find(document, "#map-title", HTMLElement), `Its map, after ${behind(layer).name}`);
  for (const button of findAll(document, "#editor-layers button", HTMLButtonElement)) button.setAttribute("aria-pressed", String(button.dataset.layer === layer));
  for (const button of findAll(document, "[data-tied]", HTMLButtonElement)) button.setAttribute("aria-pressed", String(button.dataset.tied === String(tied)));
  for (const button of findAll(document, "[data-shown]", HTMLButtonElement)) button.setAttribute("aria-pressed", String(button.dataset.shown === shown));
  root.dataset.scope = tied ? "all" : "one";
  find(document, "#silence", HTMLButtonElement).setAttribute("aria-pressed", String(edit?.silenced ?? false));
  find(document, "#edit-undo", HTMLButtonElement).disabled = !past.length;
  find(document, "#edit-redo", HTMLButtonElement).disabled = !future.length;
  find(document, "#edit-reset", HTMLButtonElement).disabled = !edits.length;
  setText(find(document, "#brush-value", HTMLOutputElement), formatValue(brush.valueAsNumber * rangeOf(), 2));
  setText(find(document, "#gabor-value", HTMLOutputElement), `${gaborAngle.value}°`);
  /** @type {HTMLElement} */ (channelChoice.parentElement).hidden = channels === 1;
  if (channelChoice.options.length !== channels) channelChoice.replaceChildren(...Array.from({ length: channels }, (_, i) => build("option", { value: i }, String(i))));
  channelChoice.value = String(channel);
  find(document, ".place-choice", HTMLElement).hidden = tied;
  const [, height, width] = layerOf(layer).output_shape;
  for (const { name, input } of placeInputs) {
    input.max = String((name === "row" ? height : width) - 1);
    input.value = String(place[name]);
  }
  root.dataset.size = String(rows);
  if (!known) return;
  const { learned, edited: now } = known;
  bars.update(now.prediction, now.tensors.probabilities.data);
  const words = (/** @type {Answer} */ { prediction }) => (prediction ? `${prediction.digit} (${percent(prediction.probability)})` : "nothing");
  find(document, "#reading-sentence", HTMLElement).replaceChildren("Learned, the network reads ", build("b", {}, words(learned)), "; edited, ", build("b", {}, words(now)), ".");
  root.dataset.edits = String(edits.length);
}

function showAccuracy() {
  const sentence = find(document, "#accuracy-sentence", HTMLElement);
  if (!accuracy) {
    setText(sentence, "Reading 1,000 test digits…");
    return;
  }
  const share = (/** @type {number} */ part) => `${(100 * part).toFixed(1)} %`;
  sentence.replaceChildren(
    `Of ${accuracy.digits.toLocaleString("en")} test digits it reads `, build("b", {}, share(accuracy.accuracy)), " right; learned, ", build("b", {}, share(accuracy.unedited_accuracy)),
    ` (${accuracy.errors} errors instead of ${accuracy.unedited_errors}).`,
  );
}

// --- Inputs --------------------------------------------------------------------------------------------------------

/** @param {string} selector  @param {(button: HTMLButtonElement) => void} react */
function onClick(selector, react) {
  for (const button of findAll(document, selector, HTMLButtonElement)) button.addEventListener("click", () => react(button), { signal });
}

onClick("#editor-layers button", ({ dataset }) => {
  layer = dataset.layer ?? layerNames[0];
  [filter, channel] = [0, 0];
  const [, height, width] = layerOf(layer).output_shape;
  place = { row: Math.min(place.row, height - 1), column: Math.min(place.column, width - 1) };
  fetchKernels(layer);
  schedulePaint();
});
onClick("[data-tied]", ({ dataset }) => {
  tied = dataset.tied === "true";
  schedulePaint();
});
onClick("[data-shown]", ({ dataset }) => {
  shown = dataset.shown ?? "edited";
  schedulePaint();
});
onClick("[data-preset]", ({ dataset: { preset = "" } }) => {
  if (preset === "learned") return change(withoutEdit(edits, target()));
  load(preset);
});
gaborAngle.addEventListener("input", () => load("gabor"), { signal });
brush.addEventListener("input", schedulePaint, { signal });
channelChoice.addEventListener("change", () => {
  channel = Number(channelChoice.value);
  schedulePaint();
}, { signal });

/** As strong as the learned kernel that it takes the place of; where that is dead, as an average one. @param {string} preset */
function load(preset) {
  const [channels, size] = kernelShape(layer);
  const learned = kernels.get(layer);
  if (!learned) return;
  const count = size * size;
  const norms = Array.from({ length: learned.shape[0] }, (_, number) => {
    const begin = (number * channels + channel) * count;
    return normOf(learned.data.subarray(begin, begin + count));
  });
  const mean = norms.reduce((sum, norm) => sum + norm, 0) / norms.length;
  const norm = Math.max(norms[filter], mean / 2);
  if (preset === "zero") setChannel(new Float32Array(count));
  else setChannel(preset === "random" ? randomKernel(size, norm) : presetKernel(preset, size, gaborAngle.valueAsNumber, norm));
}

onClick("#silence", () => {
  const edit = currentEdit();
  if (!edit?.silenced) return change(withEdit(edits, { ...target(), kernel: edit?.kernel ?? null, silenced: true }));
  // What was painted before it was silenced comes back.
  change(edit.kernel ? withEdit(edits, { ...edit, silenced: false }) : withoutEdit(edits, target()));
});
onClick("#edit-reset", () => change([]));

function undo() {
  const previous = past.at(-1);
  if (!previous) return;
  past = past.slice(0, -1);
  future = [edits, ...future];
  edits = previous;
  edited();
}

function redo() {
  const [next, ...rest] = future;
  if (!next) return;
  past = [...past, edits];
  future = rest;
  edits = next;
  edited();
}

onClick("#edit-undo", undo);
onClick("#edit-redo", redo);
// Within the editor the keys undo edits; elsewhere on the page, strokes.
find(document, ".network", HTMLElement).addEventListener("keydown", (event) => {
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
  const key = event.key.toLowerCase();
  if (key !== "z" && key !== "y") return;
  event.preventDefault();
  event.stopPropagation();
  if (key === "y" || event.shiftKey) redo();
  else undo();
}, { signal });

editedCanvas.addEventListener("pointerdown", ({ offsetX, offsetY }) => {
  if (tied) return;
  const zoom = editedCanvas.clientWidth / editedCanvas.width;
  place = { row: Math.floor(offsetY / zoom), column: Math.floor(offsetX / zoom) };
  schedulePaint();
}, { signal });
for (const { name, input } of placeInputs) {
  input.addEventListener("input", () => {
    if (!input.validity.valid || input.value === "") return;
    place = { ...place, [name]: input.valueAsNumber };
    schedulePaint();
  }, { signal });
}

/** @param {URLSearchParams} fields */
function editsOf(fields) {
  return decodeEdits(fields.get("e") ?? "", layerNames, ({ layer: name, filter: number, kernel, place: at }) => {
    const found = convolutions.find((each) => each.name === name);
    if (!found) return false;
    const [filters, height, width] = found.output_shape;
    const size = kernelShape(name).reduce((a, b) => a * b);
    return number < filters && (!kernel || (kernel.length === size && kernel.every((weight) => Math.abs(weight) <= 100))) && (!at || (at.row < height && at.column < width));
  });
}

fetchKernels(layer);
measureSoon();
