// @ts-check
// The workbench: builds the store, the views and the inputs, and ties them together. The only place where they meet.
/** @import { Answer, Digit, PageData, Plane, Point, Question, State, Tensor } from "../types.js" */
import { createAnnouncer } from "../a11y/announce.js";
import { describeFraming, describePrediction } from "../a11y/describe.js";
import { getKernels, getSamples, getSampleSheet, postDigit, ProblemError } from "../api/http.js";
import { createLiveChannel } from "../api/live-channel.js";
import { find, findAll, setText } from "../dom.js";
import { enlarge, paintPlane } from "../draw/plane.js";
import { themeColors } from "../draw/theme-colors.js";
import { toBase64, watchForImages } from "../input/image-file.js";
import { trackKeyboardPen } from "../input/keyboard-pen.js";
import { trackStrokes } from "../input/pointer-strokes.js";
import { initialState, reduce } from "../state/reducer.js";
import { layersToAsk, sectionsOf, selectLayer } from "../state/selectors.js";
import { createStore } from "../state/store.js";
import { fromFragment, toFragment } from "../state/url.js";
import { createDrawingPad } from "../views/drawing-pad.js";
import { createLayerSection } from "../views/layer-section.js";
import { createNetworkStrip } from "../views/network-strip.js";
import { createPredictionBars } from "../views/prediction-bars.js";
import { EXAMPLE_STROKES } from "./example-digit.js";
import { wireLens } from "./lens-wiring.js";

const PEN_WIDTH = 0.065;
const NEAR = "300px"; // What is so near the screen may come into view before an answer does.

// The browser paints the page as the server wrote it before it spends time on making it work.
await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));

/** @type {PageData} */
const { model, colormaps, limits } = JSON.parse(find(document, "#page-data", HTMLScriptElement).text);
const { signal } = new AbortController();
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
});

// --- The server ----------------------------------------------------------------------------------------------------

const STATUS = { live: "", reconnecting: "Reconnecting…", fallback: "Not live: maps may lag" };

const connection = find(document, "#connection", HTMLElement);
const channel = createLiveChannel({
  model: model.id,
  messageBytes: limits.message_bytes,
  open: () => new WebSocket(`${location.origin.replace("http", "ws")}/api/v1/live`),
  post: (question, sequence) => postDigit(model.id, question, sequence),
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
function ask({ digit, answer, rectified }) {
  const layers = layersToAsk(sections, rectified, near);
  const known = answer?.digit === digit ? answer.tensors : {};
  if (question?.digit === digit && layers.every((name) => name in known || question?.layers.includes(name))) return;
  question = { digit, layers };
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
    layerViews.get(name)?.showKernels(tensor, colors.diverging);
  }, showProblem);
}

// --- Views ---------------------------------------------------------------------------------------------------------

let colors = themeColors(colormaps);
const padCanvas = find(document, "#pad", HTMLCanvasElement);
const inputCanvas = find(document, "#input-digit", HTMLCanvasElement);
const pad = createDrawingPad(padCanvas);
const bars = createPredictionBars(find(document, "#prediction", HTMLElement));
const strip = createNetworkStrip(find(document, "#network-strip", HTMLElement));
const announce = createAnnouncer(find(document, "#announcer", HTMLElement));
const announcePen = createAnnouncer(find(document, "#pen-announcer", HTMLElement));
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

/** Where each layer is shown: its section, and its place in the strip. */
const places = new Map(sections.map(({ layer: { name } }) => [name, [...document.querySelectorAll(`#layer-${name}, [data-strip="${name}"]`)]]));

/** @type {Map<string, Digit>} */
const paintedDigits = new Map();

const lens = wireLens({ model, sections, store, colors: () => colors, kernelsOf: (layer) => kernels.get(layer), fail: showProblem, repaint: schedulePaint });

/** @type {{position: Point, down: boolean} | null} */
let cursor = null;

/** @param {State} state */
function paintPad({ digit, answer, tool }) {
  pad.update({ digit, input: answer ? inputPlane(answer) : null, cursor, tool }, colors);
}

/** @param {State} state */
function paintAnswer(state) {
  if (!state.answer) return;
  const { answer, digit } = state;
  const input = inputPlane(answer);
  paintPlane(inputCanvas, input, colors.ink, 1);
  setText(framingNote, describeFraming(digit, answer.framing));
  bars.update(answer.prediction, answer.tensors.probabilities.data);
  strip.updateInput(input, colors.ink);
  const shown = { ...state, answer: lens.shown(answer) };
  for (const section of sections) {
    const { name } = section.layer;
    const view = selectLayer(shown, section);
    if (view) {
      layerViews.get(name)?.update(view, colors.diverging, state.isolated);
      strip.updateLayer(name, view, colors.diverging);
      paintedDigits.set(name, answer.digit);
    }
    // Maps of another digit are not shown beside those of this one, even while the right ones are on their way.
    for (const place of places.get(name) ?? []) place.toggleAttribute("data-stale", paintedDigits.get(name) !== answer.digit);
  }
}

/** @param {State} state */
function showControls(state) {
  button("tool-pen").setAttribute("aria-pressed", String(state.tool === "pen"));
  button("tool-eraser").setAttribute("aria-pressed", String(state.tool === "eraser"));
  button("undo").disabled = !state.past.length;
  button("redo").disabled = !state.future.length;
  button("show-pre").setAttribute("aria-pressed", String(!state.rectified));
  button("show-post").setAttribute("aria-pressed", String(state.rectified));
  slider("pen-width").value = String(state.penWidth);
  slider("boost").value = String(state.boost);
  setText(find(document, "#boost-value", HTMLOutputElement), state.boost.toFixed(2));
}

function paintAll() {
  colors = themeColors(colormaps);
  for (const view of layerViews.values()) view.layOut();
  for (const [name, tensor] of kernels) layerViews.get(name)?.showKernels(tensor, colors.diverging);
  paintPad(store.getState());
  paintAnswer(store.getState());
  lens.repaint();
}

// At most one repaint for each frame, however many events and answers arrive in between.
let frame = 0;
store.subscribe((state, previous) => {
  ask(state);
  rememberInAddress();
  // The lens paints itself: of all else, nothing changes with the neuron alone.
  if (state.neuron !== previous.neuron && state.isolated === previous.isolated) return;
  if (state.answer !== previous.answer) announce(describePrediction(state.answer?.prediction ?? null));
  schedulePaint();
});

function schedulePaint() {
  frame ||= requestAnimationFrame(() => {
    frame = 0;
    paintPad(store.getState());
    paintAnswer(store.getState());
    showControls(store.getState());
  });
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let addressTimer;

/** Browsers limit how often a page may rewrite its address, so it follows when the pen rests. */
function rememberInAddress() {
  clearTimeout(addressTimer);
  addressTimer = setTimeout(() => {
    history.replaceState(null, "", `#${toFragment(store.getState())}`);
  }, 400);
}

// --- Inputs --------------------------------------------------------------------------------------------------------

const pen = {
  /** @param {Point} point */
  start(point) {
    if (store.getState().tool === "pen") store.dispatch({ type: "strokeStarted", point });
    else {
      store.dispatch({ type: "eraseStarted" });
      store.dispatch({ type: "erased", points: [point] });
    }
  },
  /** @param {Point[]} points */
  extend(points) {
    store.dispatch({ type: store.getState().tool === "pen" ? "strokeExtended" : "erased", points });
  },
  end() {},
};

trackStrokes(padCanvas, {
  ...pen,
  start(point) {
    cursor = null;
    pen.start(point);
  },
}, signal);
trackKeyboardPen(padCanvas, {
  ...pen,
  moved(position, down) {
    cursor = { position, down };
    paintPad(store.getState());
    announcePen(`Pen ${down ? "down" : "up"} at ${Math.round(100 * position[0])} across, ${Math.round(100 * position[1])} down`);
  },
}, signal);
padCanvas.addEventListener("blur", () => {
  cursor = null;
  paintPad(store.getState());
});

padCanvas.addEventListener("keydown", (event) => {
  if (event.key !== "Delete" && event.key !== "Backspace") return;
  event.preventDefault();
  store.dispatch({ type: "cleared" });
});
addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) store.dispatch({ type: "isolationEnded" });
  if (!(event.ctrlKey || event.metaKey) || event.altKey) return;
  const key = event.key.toLowerCase();
  if (key !== "z" && key !== "y") return;
  event.preventDefault();
  store.dispatch({ type: key === "y" || event.shiftKey ? "redone" : "undone" });
});

button("tool-pen").addEventListener("click", () => store.dispatch({ type: "toolChosen", tool: "pen" }));
button("tool-eraser").addEventListener("click", () => store.dispatch({ type: "toolChosen", tool: "eraser" }));
button("undo").addEventListener("click", () => store.dispatch({ type: "undone" }));
button("redo").addEventListener("click", () => store.dispatch({ type: "redone" }));
button("clear").addEventListener("click", () => store.dispatch({ type: "cleared" }));
button("show-pre").addEventListener("click", () => store.dispatch({ type: "rectificationChosen", rectified: false }));
button("show-post").addEventListener("click", () => store.dispatch({ type: "rectificationChosen", rectified: true }));
slider("pen-width").addEventListener("input", () => store.dispatch({ type: "penWidthChosen", penWidth: slider("pen-width").valueAsNumber }));
slider("boost").addEventListener("input", () => store.dispatch({ type: "boostChosen", boost: slider("boost").valueAsNumber }));

button("copy-link").addEventListener("click", async () => {
  history.replaceState(null, "", `#${toFragment(store.getState())}`);
  try {
    await navigator.clipboard.writeText(location.href);
    confirmOn(button("copy-link"), "Copied");
  } catch {
    confirmOn(button("copy-link"), "In address bar");
  }
});

watchForImages({
  chooser: slider("upload"),
  hint: find(document, "#drop-hint", HTMLElement),
  async onFile(file) {
    if (file.size > limits.image_bytes) {
      showProblem(new Error(`${file.name} is ${mebibytes(file.size)}; this server accepts up to ${mebibytes(limits.image_bytes)}.`));
      return;
    }
    try {
      store.dispatch({ type: "digitChosen", digit: { kind: "image", name: file.name, base64: await toBase64(file) } });
    } catch (error) {
      showProblem(error);
    }
  },
}, signal);

/** Loaded when it is first opened. @type {ReturnType<typeof import("../views/sample-gallery.js").createSampleGallery> | null} */
let gallery = null;

button("open-samples").addEventListener("click", async () => {
  try {
    const { createSampleGallery } = await import("../views/sample-gallery.js");
    gallery ??= createSampleGallery(find(document, "#sample-gallery", HTMLDialogElement), model.id, {
      async load(query) {
        const [page, sheet] = await Promise.all([getSamples(query), getSampleSheet(query)]);
        return { ...page, sheet };
      },
      choose: (index) => store.dispatch({ type: "digitChosen", digit: { kind: "sample", index } }),
      fail: showProblem,
    });
    gallery.open();
  } catch (error) {
    showProblem(error);
  }
});

const problem = find(document, "#problem", HTMLElement);
find(problem, "button", HTMLButtonElement).addEventListener("click", hideProblem);

/** @param {unknown} error */
function showProblem(error) {
  setText(find(problem, "p", HTMLElement), error instanceof Error ? error.message : String(error));
  problem.hidden = false;
  if (!(error instanceof ProblemError)) console.error(error);
}

function hideProblem() {
  problem.hidden = true;
}

/**
 * @param {HTMLButtonElement} control
 * @param {string} message
 */
function confirmOn(control, message) {
  const label = control.textContent ?? "";
  control.textContent = message;
  setTimeout(() => (control.textContent = label), 1500);
}

/** @param {number} bytes */
function mebibytes(bytes) {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

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
  if (digit || Object.keys(rest).length) store.dispatch({ type: "viewRestored", view: { rectified: true, boost: 0, ...rest } });
});
enlarge(inputCanvas, 4);
showControls(store.getState());
paintAll();
ask(store.getState());

/** @type {Set<Element>} */
const shown = new Set();
const layerWatcher = new IntersectionObserver((entries) => {
  for (const { target, isIntersecting } of entries) shown[isIntersecting ? "add" : "delete"](target);
  near = new Set([...places].filter(([, elements]) => elements.some((element) => shown.has(element))).map(([name]) => name));
  ask(store.getState());
}, { rootMargin: NEAR });
for (const element of [...places.values()].flat()) layerWatcher.observe(element);
