// @ts-check
// The workbench: builds the store, the views and the inputs, and ties them together. The only place where they meet.
/** @import { Answer, Digit, PageData, Plane, Question, State, Tensor, Training } from "../types.js" */
/** @import { LayerView } from "../state/selectors.js" */
import { createAnnouncer } from "../a11y/announce.js";
import { describeFraming, describePrediction } from "../a11y/describe.js";
import { getKernels, postDigit } from "../api/http.js";
import { createLiveChannel } from "../api/live-channel.js";
import { find, findAll, setText } from "../dom.js";
import { enlarge, paintPlane } from "../draw/plane.js";
import { themeColors } from "../draw/theme-colors.js";
import { pace } from "../pace.js";
import { initialState, reduce } from "../state/reducer.js";
import { layersToAsk, sectionsOf, selectLayer } from "../state/selectors.js";
import { createStore } from "../state/store.js";
import { fromFragment } from "../state/url.js";
import { createLayerSection } from "../views/layer-section.js";
import { createNetworkStrip } from "../views/network-strip.js";
import { createPredictionBars } from "../views/prediction-bars.js";
import { PEN_WIDTH, wireDrawingBench } from "./drawing-bench.js";
import { EXAMPLE_STROKES } from "./example-digit.js";
import { wireLens } from "./lens-wiring.js";
import { createProblemNote } from "./problem-note.js";

const PAINT_PAUSE = 8; // Milliseconds: half a frame, so that answers that come in one heap are painted once.
const REST = 150; // Milliseconds without an answer after which the pen is taken to rest.
const INPUT_ROOM = 112; // CSS pixels: 28 pixels, four times as large.
const NEAR = "300px"; // What is so near the screen may come into view before an answer does.

// The browser paints the page as the server wrote it before it spends time on making it work.
await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));

/** @type {PageData} */
const { model, reader, colormaps, limits } = JSON.parse(find(document, "#page-data", HTMLScriptElement).text);
const { signal } = new AbortController();
const { show: showProblem, hide: hideProblem } = createProblemNote();
const sections = sectionsOf(model);

/** @param {string} id */
const button = (id) => find(document, `#${id}`, HTMLButtonElement);
/** @param {string} id */
const slider = (id) => find(document, `#${id}`, HTMLInputElement);

// --- State ---------------------------------------------------------------------------------------------------------

const shared = fromFragment(location.hash);
/** @type {Digit} */
const example = { kind: "strokes", strokes: EXAMPLE_STROKES, penWidth: PEN_WIDTH };
const opening = shared.digit ?? example;
const store = createStore(reduce, {
  ...initialState(opening, opening.kind === "strokes" ? opening.penWidth : PEN_WIDTH),
  rectified: shared.rectified ?? true,
  boost: shared.boost ?? 0,
  neuron: shared.neuron ?? null,
  isolated: shared.neuron ?? null,
  training: shared.training ?? null,
});

// --- The server ----------------------------------------------------------------------------------------------------

const STATUS = { live: "", reconnecting: "Reconnecting…", fallback: "Not live: maps may lag" };

const connection = find(document, "#connection", HTMLElement);
const channel = createLiveChannel({
  model: model.id,
  messageBytes: limits.message_bytes,
  open: () => new WebSocket(`${location.origin.replace("http", "ws")}/api/v1/live`),
  post: (question, sequence) => (question.training ? lens.post(question, sequence) : postDigit(model.id, question, sequence)),
  onAnswer(answer) {
    hideProblem();
    store.dispatch({ type: "answerReceived", answer });
  },
  onFailure: showProblem,
  onStatus(status) {
    connection.dataset.status = status;
    setText(connection, STATUS[status]);
  },
});

/** Layers on the screen or near it; null until that is known. @type {Set<string> | null} */
let near = null;

/** @type {Question | null} */
let question = null;

/** Ask whatever the screen needs that is neither known nor asked already. @param {State} state */
function ask({ digit, answer, rectified, training }) {
  const layers = layersToAsk(sections, rectified, near);
  const known = answer?.digit === digit && (answer.training?.view ?? null) === training ? answer.tensors : {};
  if (question?.digit === digit && question.training === training && layers.every((name) => name in known || question?.layers.includes(name))) return;
  question = { digit, layers, training };
  channel.send(question);
}

/** @type {Map<string, Tensor>} */
const kernels = new Map();

/** @type {Set<string>} */
const asked = new Set();

/** Kernels are fetched when their layer comes near the screen, and all of them once the visitor does anything. */
const kernelWatcher = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) if (isIntersecting) fetchKernels(target);
}, { rootMargin: NEAR });

/** @param {Element} root  A layer's section. */
function fetchKernels(root) {
  const name = /** @type {HTMLElement} */ (root).dataset.layer ?? "";
  kernelWatcher.unobserve(root);
  if (asked.has(name)) return;
  asked.add(name);
  getKernels(model.id, name).then((tensor) => {
    kernels.set(name, tensor);
    showKernels(name);
  }, showProblem);
}

/** The finished network's, unless others are given or shown. @param {string} name  @param {Tensor} [tensor]  @param {number} [range] */
function showKernels(name, tensor = store.getState().answer?.training ? undefined : kernels.get(name), range = 0) {
  if (tensor) layerViews.get(name)?.showKernels(tensor, colors.diverging, range);
}

// --- Views ---------------------------------------------------------------------------------------------------------

let colors = themeColors(colormaps);
const inputCanvas = find(document, "#input-digit", HTMLCanvasElement);
const bars = createPredictionBars(find(document, "#prediction", HTMLElement));
const strip = createNetworkStrip(find(document, "#network-strip", HTMLElement));
const announce = createAnnouncer(find(document, "#announcer", HTMLElement));
const framingNote = find(document, "#framing-note", HTMLElement);
const layerViews = new Map(findAll(document, "section.layer", HTMLElement).map((root) => {
  const section = sections.find(({ layer }) => layer.name === root.dataset.layer);
  if (!section) throw new Error(`the model has no layer ${root.dataset.layer}`);
  if (section.layer.parameters) {
    kernelWatcher.observe(root);
    for (const sign of ["pointerdown", "keydown"]) addEventListener(sign, () => fetchKernels(root), { once: true });
  }
  return [section.layer.name, createLayerSection(root, section, {
    isolate: (layer, filter) => store.dispatch({ type: "mapIsolated", layer, filter }),
  })];
}));

/**
 * Where each layer is shown, its section and its place in the strip, and what was painted there.
 * @type {Map<string, {root: Element, update: (view: LayerView, state: State) => void, subject: Digit | Training | null}[]>}
 */
const places = new Map(sections.map(({ layer: { name } }) => [name, [
  {
    root: find(document, `#layer-${name}`, Element),
    update: (view, { isolated }) => layerViews.get(name)?.update(view, colors.diverging, isolated),
    subject: null,
  },
  {
    root: find(document, `[data-strip="${name}"]`, Element),
    update: (view) => strip.updateLayer(name, view, colors.diverging),
    subject: null,
  },
]]));

/** Of the places, those on the screen or near it. @type {Set<Element>} */
const seen = new Set();

const lens = wireLens({ model, sections, store, colors: () => colors, kernelsOf: (layer) => kernels.get(layer), showKernels, fail: showProblem, repaint: () => scheduleMaps() });

const bench = wireDrawingBench({
  store,
  model: reader,
  limits,
  colors: () => colors,
  input() {
    const { answer } = store.getState();
    return answer && inputPlane(answer);
  },
  fail: showProblem,
}, signal);

let rest = 0;

/**
 * Maps out of sight are painted when the pen rests: they are most of them, and nobody sees them while it moves.
 * @param {State} state
 * @param {boolean} [all]  Also those out of sight.
 */
function paintAnswer(state, all = false) {
  if (!state.answer) return;
  const { answer } = state;
  const input = inputPlane(answer);
  paintPlane(inputCanvas, input, colors.ink, 1);
  setText(framingNote, describeFraming(answer.digit, answer.framing));
  bars.update(answer.prediction, answer.tensors.probabilities.data);
  strip.updateInput(input, colors.ink);
  const shown = { ...state, answer: lens.shown(answer) };
  const subject = answer.training ?? answer.digit;
  for (const section of sections) {
    const view = selectLayer(shown, section);
    for (const place of places.get(section.layer.name) ?? []) {
      if (view) {
        const painted = all || seen.has(place.root);
        if (painted) place.update(view, state);
        place.subject = painted ? subject : null;
      }
      // Maps of another digit are not shown beside those of this one, even while the right ones are on their way.
      place.root.toggleAttribute("data-stale", place.subject !== subject);
    }
  }
  lens.painted(answer);
  clearTimeout(rest);
  if (!all) rest = setTimeout(() => paintAnswer(store.getState(), true), REST);
}

/** @param {State} state */
function showControls(state) {
  bench.showTools();
  button("show-pre").setAttribute("aria-pressed", String(!state.rectified));
  button("show-post").setAttribute("aria-pressed", String(state.rectified));
  slider("boost").value = String(state.boost);
  setText(find(document, "#boost-value", HTMLOutputElement), state.boost.toFixed(2));
}

function paintAll() {
  colors = themeColors(colormaps);
  for (const view of layerViews.values()) view.layOut();
  for (const name of kernels.keys()) showKernels(name);
  bench.paint();
  paintAnswer(store.getState(), true);
  lens.repaint();
}

/** What the maps show. @param {State} state */
const mapsOf = ({ answer, rectified, boost, isolated, training }) => [answer, rectified, boost, isolated, training];

store.subscribe((state, previous) => {
  ask(state);
  // The lens paints itself: of all else, nothing changes with the neuron alone.
  if (state.neuron !== previous.neuron && state.isolated === previous.isolated) return;
  if (state.answer !== previous.answer) announce(describePrediction(state.answer?.prediction ?? null));
  const before = mapsOf(previous);
  if (mapsOf(state).some((value, i) => value !== before[i])) scheduleMaps();
  schedulePad();
});

// Maps are painted when their answer is there: waiting for the next frame to do so would show them a frame later.
const scheduleMaps = pace(() => paintAnswer(store.getState()), PAINT_PAUSE);

let frame = 0;

function schedulePad() {
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    bench.paint();
    showControls(store.getState());
  });
}

// --- Inputs --------------------------------------------------------------------------------------------------------

addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) store.dispatch({ type: "isolationEnded" });
});

button("show-pre").addEventListener("click", () => store.dispatch({ type: "rectificationChosen", rectified: false }));
button("show-post").addEventListener("click", () => store.dispatch({ type: "rectificationChosen", rectified: true }));
slider("boost").addEventListener("input", () => store.dispatch({ type: "boostChosen", boost: slider("boost").valueAsNumber }));

/** @param {Answer} answer  @returns {Plane} */
function inputPlane({ tensors: { input } }) {
  return { width: input.shape[1], height: input.shape[0], data: input.data };
}

// --- Start ---------------------------------------------------------------------------------------------------------

document.documentElement.addEventListener("themechange", paintAll);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paintAll);
for (const query of ["(min-width: 1400px)", "(max-width: 760px)"]) matchMedia(query).addEventListener("change", paintAll);
addEventListener("hashchange", () => {
  const { digit, ...rest } = fromFragment(location.hash);
  if (digit) store.dispatch({ type: "digitChosen", digit });
  // A link to a layer of this page asks for no view at all.
  if (digit || Object.keys(rest).length) store.dispatch({ type: "viewRestored", view: { rectified: true, boost: 0, training: null, ...rest } });
});
enlarge(inputCanvas, Math.max(1, Math.floor(INPUT_ROOM / inputCanvas.width)));
showControls(store.getState());
paintAll();
ask(store.getState());

const layerWatcher = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) seen[isIntersecting ? "add" : "delete"](target);
  near = new Set([...places].filter(([, shown]) => shown.some(({ root }) => seen.has(root))).map(([name]) => name));
  ask(store.getState());
  scheduleMaps();
}, { rootMargin: NEAR });
for (const { root } of [...places.values()].flat()) layerWatcher.observe(root);
