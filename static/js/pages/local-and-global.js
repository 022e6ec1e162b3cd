// @ts-check
// Local against global: the bench of the workbench, and five experiments on the digit it holds. Asks what each network
// reads the digit as; each experiment asks for what it shows, while it is on the screen or near it.
/** @import { CreateExperiment, Digit, Experiment, ExperimentContext, ExperimentsPageData, ExperimentState, Framing, Prediction } from "../types.js" */
import { createAnnouncer } from "../a11y/announce.js";
import { describeFraming } from "../a11y/describe.js";
import { createDigitChannel } from "../api/digit-channel.js";
import * as api from "../api/experiments.js";
import { postDigit } from "../api/http.js";
import { find, findAll, setText } from "../dom.js";
import { enlarge, paintPlane } from "../draw/plane.js";
import { themeColors } from "../draw/theme-colors.js";
import { initialState, reduce } from "../state/reducer.js";
import { createStore } from "../state/store.js";
import { fromFragment } from "../state/url.js";
import { percent } from "../views/prediction-bars.js";
import { createProblemNote, PEN_WIDTH, wireDrawingBench } from "./drawing-bench.js";
import { EXAMPLE_STROKES } from "./example-digit.js";

const NEAR = "300px"; // What is so near the screen may come into view before an answer does.

/** Each comes when its section does. @type {Record<string, () => Promise<CreateExperiment>>} */
const EXPERIMENTS = {
  ledger: async () => (await import("../views/experiments/ledger.js")).createLedger,
  poke: async () => (await import("../views/experiments/poke.js")).createPoke,
  templates: async () => (await import("../views/experiments/templates.js")).createTemplates,
  shift: async () => (await import("../views/experiments/shift.js")).createShift,
  scramble: async () => (await import("../views/experiments/scramble.js")).createScramble,
};

/** @type {ExperimentsPageData} */
const { models, model, colormaps, limits } = JSON.parse(find(document, "#page-data", HTMLScriptElement).text);
const { signal } = new AbortController();
const { show: showProblem, hide: hideProblem } = createProblemNote();

// --- State ---------------------------------------------------------------------------------------------------------

/** @type {Digit} */
const example = { kind: "strokes", strokes: EXAMPLE_STROKES, penWidth: PEN_WIDTH };
const opening = fromFragment(location.hash).digit ?? example;
const store = createStore(reduce, initialState(opening, opening.kind === "strokes" ? opening.penWidth : PEN_WIDTH));

/** The newest digit that the networks have read. @type {(ExperimentState & {framing: Framing}) | null} */
let known = null;

// --- The server ----------------------------------------------------------------------------------------------------

const channel = createDigitChannel(
  /** @param {Digit} digit */
  async (digit, sequence) => {
    const answers = await Promise.all(models.map(({ id, layers }) => postDigit(id, { digit, layers: [layers[layers.length - 1].name] }, sequence)));
    return { digit, answers };
  },
  {
    onAnswer({ digit, answers }) {
      const { framing, tensors: { input } } = answers[0];
      known = {
        digit,
        framing,
        input: { width: input.shape[1], height: input.shape[0], data: input.data },
        readings: Object.fromEntries(answers.map(({ prediction }, i) => [models[i].id, prediction])),
      };
      hideProblem();
      announce(describeReadings(known.readings));
      schedulePaint();
    },
    onFailure: showProblem,
  },
);

// --- Views ---------------------------------------------------------------------------------------------------------

let colors = themeColors(colormaps);
const inputCanvas = find(document, "#input-digit", HTMLCanvasElement);
const framingNote = find(document, "#framing-note", HTMLElement);
const announce = createAnnouncer(find(document, "#announcer", HTMLElement));
const readings = findAll(document, "#readings [data-model]", HTMLTableRowElement).map((row) => ({
  id: row.dataset.model ?? "",
  row,
  digit: find(row, ".digit", HTMLElement),
  probability: find(row, ".probability", HTMLElement),
}));

const bench = wireDrawingBench({
  store,
  model: model.id,
  limits,
  colors: () => colors,
  input: () => (known?.digit === store.getState().digit ? known.input : null),
  fail: showProblem,
}, signal);

function paintReadings() {
  if (!known) return;
  paintPlane(inputCanvas, known.input, colors.ink, 1);
  setText(framingNote, describeFraming(known.digit, known.framing));
  for (const { id, digit, probability } of readings) {
    const reading = known.readings[id];
    setText(digit, reading ? String(reading.digit) : "–");
    setText(probability, reading ? percent(reading.probability) : "");
  }
}

/** @param {Record<string, Prediction | null>} predictions */
function describeReadings(predictions) {
  const sentences = readings.map(({ id, row }) => {
    const reading = predictions[id];
    return reading && `${row.cells[0].textContent}: ${reading.digit}, ${percent(reading.probability)}.`;
  });
  return sentences.every(Boolean) ? sentences.join(" ") : "The pad is blank: no prediction.";
}

// --- Experiments ---------------------------------------------------------------------------------------------------

/** @type {ExperimentContext} */
const context = {
  api,
  colors: () => colors,
  models: Object.fromEntries(models.map((description) => [description.id, description])),
  fail: showProblem,
  announce,
  signal,
};

/** @typedef {{near: boolean, coming: boolean, view: Experiment | null, shown: ExperimentState | null}} Place */

/** @type {Map<Element, Place>} */
const places = new Map(findAll(document, "[data-experiment]", HTMLElement).map((root) => [root, { near: false, coming: false, view: null, shown: null }]));

const watcher = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) {
    const place = /** @type {Place} */ (places.get(target));
    place.near = isIntersecting;
    if (isIntersecting && !place.coming) bring(/** @type {HTMLElement} */ (target), place);
  }
  schedulePaint();
}, { rootMargin: NEAR });

/**
 * @param {HTMLElement} root
 * @param {Place} place
 */
async function bring(root, place) {
  place.coming = true;
  try {
    const create = await EXPERIMENTS[root.dataset.experiment ?? ""]();
    place.view = create(root, context);
    place.view.layOut();
    schedulePaint();
  } catch (error) {
    place.coming = false; // The next time it comes near it is tried again.
    showProblem(error);
  }
}

function updateExperiments() {
  if (!known) return;
  for (const place of places.values()) {
    if (!place.near || !place.view || place.shown === known) continue;
    place.shown = known;
    place.view.update(known);
  }
}

// --- Painting ------------------------------------------------------------------------------------------------------

// At most one repaint for each frame, however many events and answers arrive in between.
let frame = 0;

function schedulePaint() {
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    bench.paint();
    bench.showTools();
    paintReadings();
    updateExperiments();
  });
}

function layOut() {
  colors = themeColors(colormaps);
  bench.paint();
  paintReadings();
  for (const { view } of places.values()) view?.layOut();
}

store.subscribe((state, previous) => {
  if (state.digit !== previous.digit) channel.send(state.digit);
  schedulePaint();
});

document.documentElement.addEventListener("themechange", layOut);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", layOut);
for (const query of ["(min-width: 1280px)", "(min-width: 1400px)", "(max-width: 1023px)", "(max-width: 760px)"]) matchMedia(query).addEventListener("change", layOut);
addEventListener("hashchange", () => {
  const { digit } = fromFragment(location.hash);
  if (digit) store.dispatch({ type: "digitChosen", digit });
  // A link to a section takes the digit out of the address; back it goes.
  else bench.rememberInAddress();
});

enlarge(inputCanvas, 4);
layOut();
bench.showTools();
channel.send(store.getState().digit);
for (const root of places.keys()) watcher.observe(root);
