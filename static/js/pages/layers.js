// @ts-check
// What each layer knows: a map of test digits for each layer, with the visitor's digit moving through it.
/** @import { Digit, ExperimentsPageData, Prediction, Tensor } from "../types.js" */
/** @import { LayerMap, PlacedLayer } from "../api/layer-maps.js" */
import { getLayerMap, getMapSheet, postPlacedDigit } from "../api/layer-maps.js";
import { persist } from "../api/reachability.js";
import { wireCode } from "../code/show-code.js";
import { find, findAll, setText } from "../dom/find.js";
import { createLayerStrip } from "../experiments/layer-maps/layer-strip.js";
import { createMapView } from "../experiments/layer-maps/map-view.js";
import { createNeighborList } from "../experiments/layer-maps/neighbor-list.js";
import { describeNeighbors, describeVariance } from "../experiments/layer-maps/sentences.js";
import { createPredictionBars } from "../network/prediction-bars.js";
import { openDigitPage } from "../shell/digit-page.js";
import { fieldsOf, joinFields } from "../shell/url.js";

// Of the link: layer=…  the layer whose map is large;  step=…  the training step

/** @typedef {{step: number | null, layers: PlacedLayer[], prediction: Prediction | null, tensors: Record<string, Tensor>}} Placed */

const page = openDigitPage();
const { announce, fail, signal, store, colors } = page;
const { model, layers, steps } = /** @type {ExperimentsPageData & {layers: string[], steps: number[]}} */ (page.data);
const bars = createPredictionBars(find(document, "#prediction", HTMLElement));
const sentence = find(document, "#neighbor-sentence", HTMLElement);
const swatches = findAll(document, "#class-key button", HTMLButtonElement);
const stepButtons = findAll(document, "[data-step]", HTMLButtonElement);

let layer = layers[layers.length - 1];
/** The training step; null for the finished network. @type {number | null} */
let step = null;
/** The class that is emphasized; null: all are shown alike. @type {number | null} */
let emphasized = null;
/** By step and layer. @type {Map<string, LayerMap>} */
const maps = new Map();
/** @type {Placed | null} */
let placed = null;
/** @type {ImageBitmap | null} */
let sheet = null;

restore(fieldsOf(location.hash));

const view = createMapView({ open, announce, sheet: () => sheet }, signal);
const neighbors = createNeighborList(find(document, "#neighbors", HTMLElement), open, signal);
const strip = createLayerStrip((chosen) => {
  layer = chosen;
  paintMaps();
  rememberInAddress();
}, signal);

/** @param {string} of */
const mapOf = (of) => maps.get(`${step}/${of}`) ?? null;

/** @param {Digit} digit  @returns {Promise<Placed & {framing: any}>} */
async function request(digit) {
  const at = step;
  const { response, tensors } = await postPlacedDigit(model.id, digit, layers, at);
  return { step: at, layers: response.layers, prediction: response.prediction, tensors, framing: response.input.framing };
}

const { requestAgain, schedulePaint, rememberInAddress } = page.start({
  request,
  onResponse(response) {
    placed = response;
    const found = placedIn(layer);
    if (found) announce(describeNeighbors(layer, found.neighbors, response.prediction));
    return { input: response.tensors.input, framing: response.framing };
  },
  paint,
  layOut: paintMaps,
  extra: () => joinFields({ layer: layer === layers[layers.length - 1] ? null : layer, step }),
  restore(fields) {
    restore(fields);
    paintMaps();
    requestAgain();
    loadMaps();
  },
});

/** @param {string} name  @returns {PlacedLayer | null} */
function placedIn(name) {
  return placed?.step === step ? (placed.layers.find((each) => each.name === name) ?? null) : null;
}

/** @param {string} name */
function coordinatesIn(name) {
  return placedIn(name) && placed ? placed.tensors[`${name}/coordinates`].data : null;
}

/** What changes with the digit. */
function paint() {
  if (!placed) return;
  bars.update(placed.prediction, placed.prediction && placed.tensors["prediction/probabilities"].data);
  strip.place(coordinatesIn);
  const found = placedIn(layer);
  view.place(coordinatesIn(layer), found?.neighbors ?? []);
  const map = mapOf(layer);
  if (!found || !map) return;
  neighbors.paint(found.neighbors, map, sheet);
  setText(sentence, describeNeighbors(layer, found.neighbors, placed.prediction));
  document.body.dataset.placed = `${step}/${layer}`;
}

/** What changes with the layer, the step and the theme. */
function paintMaps() {
  for (const button of stepButtons) button.setAttribute("aria-pressed", String(stepOf(button) === step));
  for (const swatch of swatches) swatch.setAttribute("aria-pressed", String(Number(swatch.dataset.class) === emphasized));
  setText(find(document, "#map-layer", HTMLElement), layer);
  const mapColors = {
    classes: swatches.map((swatch) => getComputedStyle(find(swatch, "i", HTMLElement)).color),
    ground: colors().paper,
    ink: colors().line,
  };
  strip.paint(mapOf, layer, mapColors, emphasized);
  const map = mapOf(layer);
  if (!map) return;
  view.paint(map, mapColors, emphasized);
  setText(find(document, "#map-caption", HTMLElement), describeVariance(map));
  document.body.dataset.mapped = `${step}/${layer}`;
  paint();
}

async function loadMaps() {
  const at = step;
  // The large one first, one after the other: of a model that was not measured, each is computed now.
  for (const each of [layer, ...layers.filter((other) => other !== layer)]) {
    if (at !== step) return;
    if (maps.has(`${at}/${each}`)) continue;
    maps.set(`${at}/${each}`, await persist(() => getLayerMap(model.id, each, at), fail));
    if (at === step) schedulePaintMaps();
  }
  if (sheet) return;
  sheet = await persist(() => getMapSheet(model.id), fail);
  document.body.dataset.sheet = "true";
  schedulePaint();
}

let isScheduled = false;

function schedulePaintMaps() {
  if (isScheduled) return;
  isScheduled = true;
  requestAnimationFrame(() => {
    isScheduled = false;
    paintMaps();
  });
}

/** @param {number} index */
function open(index) {
  store.dispatch({ type: "digitChosen", digit: { kind: "sample", index } });
}

/** @param {HTMLButtonElement} button */
function stepOf({ dataset }) {
  return dataset.step === "" ? null : Number(dataset.step);
}

for (const button of stepButtons) {
  button.addEventListener("click", () => {
    step = stepOf(button);
    paintMaps();
    loadMaps().catch(fail);
    requestAgain();
    rememberInAddress();
  }, { signal });
}
for (const swatch of swatches) {
  swatch.addEventListener("click", () => {
    const chosen = Number(swatch.dataset.class);
    emphasized = chosen === emphasized ? null : chosen;
    paintMaps();
  }, { signal });
}

/** @param {URLSearchParams} fields */
function restore(fields) {
  const [givenLayer, givenStep] = [fields.get("layer") ?? "", fields.get("step") ?? ""];
  layer = layers.includes(givenLayer) ? givenLayer : layers[layers.length - 1];
  step = /^\d{1,9}$/.test(givenStep) && steps.slice(0, -1).includes(Number(givenStep)) ? Number(givenStep) : null;
}

loadMaps().catch(fail);
wireCode({ model: model.id, fail }, { "layer-knowledge": () => ({}) });
