// @ts-check
// Hubel and Wiesel's bench: a bar of light instead of a digit, turned by hand, and the tuning curve of every filter.
/** @import { Bar, ExperimentsPageData, Plane, Tensor, Tuning, TuningAnswer } from "../types.js" */
import { createAnnouncer } from "../a11y/announce.js";
import { getKernelsAt } from "../api/checkpoints.js";
import { createDigitChannel } from "../api/digit-channel.js";
import { getKernels } from "../api/http.js";
import { getTuning } from "../api/orientation.js";
import { postPixels } from "../api/pixels.js";
import { build, resizeList } from "../dom-build.js";
import { find, findAll, setText } from "../dom.js";
import { drawBar } from "../draw/bar.js";
import { enlarge, paintPlane } from "../draw/plane.js";
import { themeColors } from "../draw/theme-colors.js";
import { planesOf } from "../state/selectors.js";
import { createLegend } from "../views/legend.js";
import { plotSelectivity } from "../views/orientation/selectivity-plot.js";
import { createTuningCard } from "../views/orientation/tuning-card.js";
import { createProblemNote } from "./problem-note.js";

const SIDE = 28;
const TURNS = 45; // Degrees a second.
const CARDS = 16;
const STEP = 5;

/** @typedef {"swept" | "place"} Measure */

/** @type {Bar} */
const OPENING = { length: 20, width: 3, row: 14, column: 14, grating: false, dark: false };
const OPENING_ANGLE = 45;

/** Whose filters are compared. */
const GROUPS = [
  { id: "trained", name: "Trained kernels", model: "cnn", layer: "conv1", checkpoint: null },
  { id: "untrained", name: "Before training", model: "cnn", layer: "conv1", checkpoint: 0 },
  { id: "perceptron", name: "Perceptron’s neurons", model: "mlp-500", layer: "linear1", checkpoint: null },
];

/** @type {ExperimentsPageData} */
const { models, colormaps } = JSON.parse(find(document, "#page-data", HTMLScriptElement).text);
const { show: fail, hide: hideProblem } = createProblemNote();
const announce = createAnnouncer(find(document, "#announcer", HTMLElement));

// --- State ---------------------------------------------------------------------------------------------------------

const state = { angle: OPENING_ANGLE, marked: /** @type {number | null} */ (null), ...fromAddress() };

/** By group, of the newest bar that was measured. @type {Map<string, TuningAnswer>} */
const tunings = new Map();
/** @type {Map<string, Tensor>} */
const kernels = new Map();
/** The maps of the bar shown. @type {{group: string, tensor: Tensor} | null} */
let maps = null;

// --- The server ----------------------------------------------------------------------------------------------------

const tuner = createDigitChannel(
  /** @param {{bar: Bar, measure: Measure}} question */
  async ({ bar, measure }) => Promise.all(GROUPS.map(async ({ id, model, checkpoint }) => ({ id, answer: await getTuning(model, bar, measure, checkpoint) }))),
  {
    onAnswer(answers) {
      hideProblem();
      for (const { id, answer } of answers) tunings.set(id, answer);
      showTunings();
    },
    onFailure: fail,
  },
);

const mapper = createDigitChannel(
  /** @param {{plane: Plane, group: typeof GROUPS[number]}} question */
  async ({ plane, group }) => ({ group: group.id, tensor: (await postPixels(group.model, plane, ["relu1"], group.checkpoint)).relu1 }),
  {
    onAnswer(answer) {
      maps = answer;
      schedulePaint();
    },
    onFailure: fail,
  },
);

async function fetchKernels() {
  const { id, model, layer, checkpoint } = state.group;
  if (kernels.has(id)) return;
  try {
    kernels.set(id, await (checkpoint === null ? getKernels(model, layer) : getKernelsAt(model, layer, checkpoint)));
    showKernels();
  } catch (error) {
    fail(error);
  }
}

// --- Views ---------------------------------------------------------------------------------------------------------

let colors = themeColors(colormaps);
const stage = find(document, "#bar-stage", HTMLElement);
const canvas = find(document, "#bar", HTMLCanvasElement);
const handle = find(document, "#turn-handle", HTMLButtonElement);
const turnButton = find(document, "#turn", HTMLButtonElement);
const sliders = /** @type {const} */ (["angle", "length", "width"]).map((name) => ({ name, slider: find(document, `#bar-${name}`, HTMLInputElement) }));
const measureButtons = findAll(document, "[data-measure]", HTMLButtonElement);
const groupButtons = findAll(document, "[data-group]", HTMLButtonElement);
const kindButtons = /** @type {const} */ (["grating", "dark"]).flatMap((name) => findAll(document, `[data-${name}]`, HTMLButtonElement).map((button) => ({ name, button })));
const list = find(document, "#tuning-cards", HTMLElement);
const legends = find(document, "#tuning-legends", HTMLElement);
const weightsLegend = createLegend(legends, "weights");
const mapsLegend = createLegend(legends, "maps");
/** @type {ReturnType<typeof createTuningCard>[]} */
const cards = [];
/** @type {HTMLElement[]} */
const items = [];
/** Numbers of the filters that the cards show. @type {number[]} */
let shown = [];

function showTunings() {
  const tuning = tunings.get(state.group.id);
  if (tuning) {
    const [before, pooled] = tuning.layers;
    shown = chosenOf(before.filters);
    resizeList(list, items, shown.length, (i) => {
      cards[i] = createTuningCard(() => mark(shown[i]));
      return cards[i].root;
    });
    cards.length = shown.length;
    showKernels();
    shown.forEach((filter, i) => cards[i].showTuning(tuning.angles, before.filters[filter], pooled?.filters[filter] ?? null));
    showSentence(before.filters);
    pointAll();
    list.dataset.group = state.group.id;
    list.dataset.bar = JSON.stringify(tuning.bar);
    list.dataset.measure = tuning.measure;
  }
  showPlot();
  schedulePaint();
}

/** All 16 filters of a convolution; of 500 neurons those that answer most. @param {Tuning[]} filters */
function chosenOf(filters) {
  /** @param {Tuning} tuning */
  const most = ({ responses }) => Math.max(...responses);
  if (filters.length <= CARDS) return filters.map(({ filter }) => filter);
  return [...filters].sort((a, b) => most(b) - most(a)).slice(0, CARDS).map(({ filter }) => filter);
}

/** @param {Tuning[]} filters */
function showSentence(filters) {
  /** @param {string} word */
  const count = (word) => filters.filter(({ verdict }) => verdict === word).length;
  const [selective, indifferent, silent] = ["selective", "not selective", "silent"].map(count);
  const noun = state.group.model === "cnn" ? "filters" : "neurons";
  find(document, "#tuning-sentence", HTMLElement).replaceChildren(
    build("b", {}, `${selective} of ${filters.length}`), ` ${noun} are selective for the bar’s angle, `, build("b", {}, String(indifferent)), " are not, ",
    build("b", {}, String(silent)), " never answer it.", shown.length < filters.length ? ` Below, the ${shown.length} that answer most.` : "",
  );
  announce(`${state.group.name}: ${selective} of ${filters.length} selective, ${indifferent} not, ${silent} silent.`);
}

function showKernels() {
  const tensor = kernels.get(state.group.id);
  if (!tensor) return;
  const [, channels, height, width] = tensor.shape.length === 4 ? tensor.shape : [0, 1, SIDE, SIDE];
  const size = channels * height * width;
  const range = tensor.data.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0);
  weightsLegend.update([-range, range], colors.diverging);
  const noun = state.group.model === "cnn" ? "filter" : "neuron";
  shown.forEach((filter, i) => cards[i].showKernel(noun, filter, { width, height, data: tensor.data.subarray(filter * size, (filter + 1) * size) }, range, colors));
}

function showPlot() {
  const { selective_from: from } = [...tunings.values()][0] ?? { selective_from: 0.2 };
  const groups = GROUPS.map(({ id, name }) => ({ id, name, filters: tunings.get(id)?.layers[0].filters ?? null }));
  const marked = state.marked === null ? null : { group: state.group.id, filter: state.marked };
  find(document, "#selectivity-plot", HTMLElement).replaceChildren(plotSelectivity(groups, from, marked));
}

/** @param {number} filter */
function mark(filter) {
  if (state.marked === filter) return;
  state.marked = filter;
  showPlot();
}

function showBar() {
  const { bar, angle, group, measure } = state;
  paintPlane(canvas, drawBar(bar, angle), colors.ink, 1);
  const zoom = canvas.clientWidth / SIDE;
  const turn = (angle * Math.PI) / 180;
  const reach = Math.min(bar.grating ? 11 : bar.length / 2, 12);
  handle.style.insetInlineStart = `${Math.min(SIDE - 1, Math.max(1, bar.column + reach * Math.cos(turn))) * zoom}px`;
  handle.style.insetBlockStart = `${Math.min(SIDE - 1, Math.max(1, bar.row - reach * Math.sin(turn))) * zoom}px`;
  canvas.setAttribute("aria-label", `${bar.grating ? "Grating" : "Bar of light"} at ${Math.round(angle)} degrees, center row ${bar.row}, column ${bar.column}`);
  for (const { name, slider } of sliders) {
    const number = name === "angle" ? angle : bar[name];
    slider.value = String(number);
    setText(find(document, `output[for="bar-${name}"]`, HTMLOutputElement), name === "angle" ? `${Math.round(angle)}°` : `${number} px`);
  }
  for (const { name, button } of kindButtons) button.setAttribute("aria-pressed", String(button.dataset[name] === String(bar[name])));
  for (const button of groupButtons) button.setAttribute("aria-pressed", String(button.dataset.group === group.id));
  for (const button of measureButtons) button.setAttribute("aria-pressed", String(button.dataset.measure === measure));
  /** @type {HTMLInputElement} */ (sliders[1].slider).disabled = bar.grating;
  pointAll();
}

function pointAll() {
  for (const { polar } of cards) polar.point(state.angle);
}

function paintMaps() {
  if (maps?.group !== state.group.id) return;
  const planes = planesOf(maps.tensor);
  // One scale before and after training, or nothing could be compared.
  const range = models.find(({ id }) => id === state.group.model)?.layers.find(({ name }) => name === "relu1")?.display_range[1] ?? 1;
  mapsLegend.update([0, range], colors.diverging);
  shown.forEach((filter, i) => cards[i].showMap(planes[filter], range, colors));
}

// At most one repaint for each frame, however many events and answers arrive in between.
let frame = 0;

function schedulePaint() {
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    showBar();
    paintMaps();
  });
}

function layOut() {
  colors = themeColors(colormaps);
  enlarge(canvas, matchMedia("(max-width: 760px)").matches ? 6 : 10);
  showKernels();
  showBar();
  paintMaps();
}

// --- Changes -------------------------------------------------------------------------------------------------------

/** @param {Partial<Bar>} change */
function changeBar(change) {
  state.bar = { ...state.bar, ...change };
  tuner.send({ bar: state.bar, measure: state.measure });
  shownBarChanged();
}

/** @param {number} angle */
function turnTo(angle) {
  state.angle = ((angle % 180) + 180) % 180;
  shownBarChanged();
}

function shownBarChanged() {
  mapper.send({ plane: drawBar(state.bar, state.angle), group: state.group });
  schedulePaint();
  rememberInAddress();
}

/** @param {number} row  @param {number} column */
function moveTo(row, column) {
  /** @param {number} place */
  const inside = (place) => Math.min(SIDE, Math.max(0, Math.round(2 * place) / 2));
  const place = { row: inside(row), column: inside(column) };
  if (place.row !== state.bar.row || place.column !== state.bar.column) changeBar(place);
}

let turning = 0;

function stopTurning() {
  cancelAnimationFrame(turning);
  turning = 0;
  turnButton.setAttribute("aria-pressed", "false");
  setText(turnButton, "Turn it");
}

function startTurning() {
  let last = performance.now();
  /** @param {number} now */
  const tick = (now) => {
    turnTo(state.angle + (TURNS * (now - last)) / 1000);
    last = now;
    turning = requestAnimationFrame(tick);
  };
  turning = requestAnimationFrame(tick);
  turnButton.setAttribute("aria-pressed", "true");
  setText(turnButton, "Stop");
}

turnButton.addEventListener("click", () => (turning ? stopTurning() : startTurning()));
find(document, "#center", HTMLButtonElement).addEventListener("click", () => changeBar({ row: 14, column: 14 }));
find(document, "#bar-reset", HTMLButtonElement).addEventListener("click", () => {
  stopTurning();
  state.angle = OPENING_ANGLE;
  changeBar(OPENING);
});
for (const { name, slider } of sliders) {
  slider.addEventListener("input", () => {
    if (name !== "angle") return changeBar({ [name]: slider.valueAsNumber });
    stopTurning();
    turnTo(slider.valueAsNumber);
  });
}
for (const { name, button } of kindButtons) button.addEventListener("click", () => changeBar({ [name]: button.dataset[name] === "true" }));
for (const button of groupButtons) {
  button.addEventListener("click", () => {
    state.group = GROUPS.find(({ id }) => id === button.dataset.group) ?? GROUPS[0];
    state.marked = null;
    fetchKernels();
    showTunings();
    shownBarChanged();
  });
}

for (const button of measureButtons) {
  button.addEventListener("click", () => {
    state.measure = measureOf(button.dataset.measure);
    changeBar({});
  });
}

/** @param {PointerEvent} event */
function pixelAt({ clientX, clientY }) {
  const { left, top, width } = canvas.getBoundingClientRect();
  return { column: ((clientX - left) * SIDE) / width, row: ((clientY - top) * SIDE) / width };
}

/** @type {{row: number, column: number} | null} */
let grip = null;
canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  const at = pixelAt(event);
  grip = { row: at.row - state.bar.row, column: at.column - state.bar.column };
});
canvas.addEventListener("pointermove", (event) => {
  if (!grip || !canvas.hasPointerCapture(event.pointerId)) return;
  const at = pixelAt(event);
  moveTo(at.row - grip.row, at.column - grip.column);
});
handle.addEventListener("pointerdown", (event) => {
  stopTurning();
  handle.setPointerCapture(event.pointerId);
});
handle.addEventListener("pointermove", (event) => {
  if (!handle.hasPointerCapture(event.pointerId)) return;
  const { row, column } = pixelAt(event);
  turnTo((Math.atan2(state.bar.row - row, column - state.bar.column) * 180) / Math.PI);
});

/** @type {Record<string, () => void>} */
const KEYS = {
  ArrowUp: () => moveTo(state.bar.row - 1, state.bar.column),
  ArrowDown: () => moveTo(state.bar.row + 1, state.bar.column),
  ArrowLeft: () => moveTo(state.bar.row, state.bar.column - 1),
  ArrowRight: () => moveTo(state.bar.row, state.bar.column + 1),
  PageUp: () => turnTo(state.angle + STEP),
  PageDown: () => turnTo(state.angle - STEP),
};
canvas.addEventListener("keydown", (event) => {
  const move = KEYS[event.key];
  if (!move) return;
  event.preventDefault();
  stopTurning();
  move();
  announce(canvas.getAttribute("aria-label") ?? "");
});

// --- The address ---------------------------------------------------------------------------------------------------
// bar=angle,length,width,row,column;  grating, dark, still;  of=the group

/** @type {ReturnType<typeof setTimeout> | undefined} */
let addressTimer;

/** Browsers limit how often a page may rewrite its address, so it follows when the hand rests. */
function rememberInAddress() {
  clearTimeout(addressTimer);
  addressTimer = setTimeout(() => {
    const { bar, angle, group, measure } = state;
    const parts = [`bar=${[Math.round(angle), bar.length, bar.width, bar.row, bar.column].join(",")}`];
    if (bar.grating) parts.push("grating=1");
    if (bar.dark) parts.push("dark=1");
    if (measure === "place") parts.push("still=1");
    if (group !== GROUPS[0]) parts.push(`of=${group.id}`);
    history.replaceState(null, "", `#${parts.join("&")}`);
  }, 400);
}

/** What the address asks for; whatever is missing or damaged is left out. */
function fromAddress() {
  const fields = new URLSearchParams(location.hash.slice(1));
  const numbers = /^\d+(\.\d+)?(,\d+(\.\d+)?){4}$/.test(fields.get("bar") ?? "") ? (fields.get("bar") ?? "").split(",").map(Number) : null;
  /** @param {number} number  @param {number} least  @param {number} most */
  const within = (number, least, most) => Math.min(most, Math.max(least, number));
  const bar = { ...OPENING, grating: fields.get("grating") === "1", dark: fields.get("dark") === "1" };
  const group = GROUPS.find(({ id }) => id === fields.get("of")) ?? GROUPS[0];
  const measure = measureOf(fields.get("still") === "1" ? "place" : "swept");
  if (!numbers) return { bar, group, measure };
  const [angle, length, width, row, column] = numbers;
  return {
    group,
    measure,
    angle: angle % 180,
    bar: { ...bar, length: within(length, 2, 40), width: within(width, 1, 14), row: within(row, 0, SIDE), column: within(column, 0, SIDE) },
  };
}

/** @param {string | undefined} word  @returns {Measure} */
function measureOf(word) {
  return word === "place" ? "place" : "swept";
}

// --- Start ---------------------------------------------------------------------------------------------------------

document.documentElement.addEventListener("themechange", layOut);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", layOut);
matchMedia("(max-width: 760px)").addEventListener("change", layOut);
addEventListener("hashchange", () => {
  Object.assign(state, fromAddress());
  fetchKernels();
  changeBar({});
});
stage.dataset.ready = "true";
layOut();
fetchKernels();
changeBar({});
