// @ts-check
// The workbench: creates the store, the connection to the server, the views and the controls, and connects them.
/** @import { ActivationsRequest, Digit, PageData, State } from "../types.js" */
import { createAnnouncer } from "../dom/announce.js";
import { requestActivations } from "../api/activations.js";
import { requestKernels } from "../api/kernels.js";
import { liveAddress } from "../api/address.js";
import { persist } from "../api/reachability.js";
import { createLiveChannel } from "../api/live-channel.js";
import { find, setText } from "../dom/find.js";
import { landOn, watchWidth } from "../dom/layout.js";
import { enlargeInto, paintPlane } from "../draw/plane.js";
import { themeColors } from "../draw/color-scale.js";
import { oncePerFrame, pace } from "../shell/pace.js";
import { reduce } from "../shell/reducer.js";
import { neededRequest, planeOf, sectionsOf } from "../network/selectors.js";
import { createStore } from "../shell/store.js";
import { blankUpload, rejectedUpload, reportLinkProblem } from "../shell/failures.js";
import { fromFragment } from "../shell/url.js";
import { createFilterNames } from "../network/filter-names.js";
import { createNetworkPicture } from "../network/picture/picture.js";
import { createKernelLoader, createNetworkView } from "../network/network-view.js";
import { createPredictionBars, describeFraming, describePrediction, nameClasses } from "../network/prediction-bars.js";
import { INPUT_ROOM, wireDrawingBench } from "../drawing/drawing-tools.js";
import { openingState } from "../drawing/example-digit.js";
import { wireLens, wireSweep } from "../lens/lens-loader.js";
import { wireTraining } from "../training/training-loader.js";
import { createProblemNote } from "../shell/problem-note.js";

const PAINT_PAUSE = 8; // Milliseconds: half a frame, so that responses that arrive together are painted once.
const REST = 150; // Milliseconds without a response after which maps far from the screen are painted.

// The browser paints the page as the server sent it before it runs the rest of this module.
await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));

/** @type {PageData} */
const { model, gallery_model: galleryModel, colormaps, limits } = JSON.parse(find(document, "#page-data", HTMLScriptElement).text);
nameClasses(model.classes);
const { signal } = new AbortController();
const { show: showProblem, hide: hideProblem } = createProblemNote();
const sections = sectionsOf(model);
let colors = themeColors(colormaps);

/** @param {string} id */
const button = (id) => find(document, `#${id}`, HTMLButtonElement);
/** @param {string} id */
const slider = (id) => find(document, `#${id}`, HTMLInputElement);

// --- State ---------------------------------------------------------------------------------------------------------

const shared = fromFragment(location.hash);
const store = createStore(reduce, {
  ...openingState(),
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
  open: () => new WebSocket(liveAddress()),
  async post(request, sequence) {
    if (request.training) return training.post(request, sequence);
    const { digit, layers } = request;
    return { sequence, digit, ...(await requestActivations(model.id, digit, { layers })) };
  },
  onResponse(response) {
    hideProblem();
    const blank = response.digit === store.getState().response?.digit ? null : blankUpload(response.digit, response.framing);
    if (blank) showProblem(blank);
    store.dispatch({ type: "responseReceived", response });
  },
  onFailure(error) {
    const rejected = rejectedUpload(error, store.getState().digit);
    showProblem(rejected ?? error);
    if (rejected) store.dispatch({ type: "undone" });
  },
  onStatus(status) {
    connection.dataset.status = status;
    setText(connection, STATUS[status]);
  },
});

/** Layers on the screen or near it; null until that is known. @type {Set<string> | null} */
let near = null;

/** The newest request. @type {ActivationsRequest | null} */
let latest = null;

/** Request the maps that the page needs, unless they are known or already requested. @param {State} state */
function requestMaps(state) {
  const request = neededRequest(sections, state, near, latest);
  if (!request) return;
  latest = request;
  channel.send(request);
}

// --- Views ---------------------------------------------------------------------------------------------------------

const inputCanvas = find(document, "#input-digit", HTMLCanvasElement);
const framingNote = find(document, "#framing-note", HTMLElement);
const bars = createPredictionBars(find(document, "#prediction", HTMLElement));
const announce = createAnnouncer(find(document, "#announcer", HTMLElement));
const picture = createNetworkPicture(find(document, "#network-picture", HTMLElement), {
  model, sections, colors: () => colors, kernelsOf: (layer) => kernels.kernelsOf(layer), open: openMap, fail: showProblem, signal,
});
const network = createNetworkView(sections, picture, { isolate: (layer, filter) => store.dispatch({ type: "mapIsolated", layer, filter }) });
/** By layer. @type {Map<string, Promise<import("../types.js").Weights>>} */
const weights = new Map();

/** Request a layer's weights once; those of which the sweep computes sums in single precision. @param {string} layer */
function weightsOf(layer) {
  const dtype = layer === sweep.layer && sweep.isExact ? "float32" : "float16";
  const request = weights.get(layer) ?? persist(() => requestKernels(model.id, layer, { dtype }), showProblem);
  weights.set(layer, request);
  request.catch(() => weights.delete(layer));
  return request;
}

const kernels = createKernelLoader(async (layer) => (await weightsOf(layer)).kernels, {
  onLoad: (layer) => showKernels(layer),
  onFailure: showProblem,
});
for (const { layer } of sections) if (layer.parameters) kernels.watch(/** @type {HTMLElement} */ (network.roots.get(layer.name)));

/** By default the finished network's, unless those of a training step are shown. @param {string} layer  @param {import("../types.js").Tensor} [tensor]  @param {number} [range] */
function showKernels(layer, tensor = store.getState().response?.training ? undefined : kernels.kernelsOf(layer), range = 0) {
  if (tensor) network.showKernels(layer, tensor, colors.diverging, range);
  picture.showKernels();
}

const names = createFilterNames(model.id, () => {
  scheduleMaps();
  sweep.repaint();
  lens.repaint();
});
const bench = {
  model, sections, store, colors: () => colors, kernelsOf: kernels.kernelsOf, weightsOf, showKernels, names, fail: showProblem,
  repaint: () => scheduleMaps(), signal,
};
const lens = wireLens(bench);
const sweep = wireSweep(bench, lens.open);
network.addView(sweep.layer, sweep);
const training = wireTraining(bench);

const drawing = wireDrawingBench({
  store,
  galleryModel,
  limits,
  colors: () => colors,
  framed() {
    const { response } = store.getState();
    return response && { digit: response.digit, plane: planeOf(response.tensors.input) };
  },
  fail: showProblem,
  land: landOn, // The heights of sections far from the screen are not known.
}, signal);

/** @type {ReturnType<typeof setTimeout> | undefined} */
let rest;

/**
 * Maps far from the screen are painted when no response has arrived for a moment: they are most of all maps.
 * @param {State} state
 * @param {boolean} [all]  Also those far from the screen.
 */
function paintResponse(state, all = false) {
  const { response } = state;
  if (!response) return;
  const input = planeOf(response.tensors.input);
  paintPlane(inputCanvas, input, colors.ink, 1);
  setText(framingNote, describeFraming(response.digit, response.framing));
  bars.update(response.prediction, response.tensors.probabilities.data);
  picture.updateInput(input);
  network.update(state, response.training?.shown ?? lens.shown(response), response.training ?? response.digit, colors.diverging, all);
  picture.updateResponse(response);
  training.painted(response);
  names.show(response, all);
  clearTimeout(rest);
  if (!all) rest = setTimeout(() => paintResponse(store.getState(), true), REST);
}

/** @param {State} state */
function showControls(state) {
  drawing.showTools();
  button("show-pre").setAttribute("aria-pressed", String(!state.rectified));
  button("show-post").setAttribute("aria-pressed", String(state.rectified));
  slider("boost").value = String(state.boost);
  setText(find(document, "#boost-value", HTMLOutputElement), state.boost.toFixed(2));
}

function paintAll() {
  colors = themeColors(colormaps);
  network.layOut();
  picture.layOut();
  for (const layer of kernels.loaded()) showKernels(layer);
  drawing.paint();
  paintResponse(store.getState(), true);
  lens.repaint();
  sweep.repaint();
  training.repaint();
}

/** What the maps show. @param {State} state */
const mapsOf = ({ response, rectified, boost, isolated, training }) => [response, rectified, boost, isolated, training];

store.subscribe((state, previous) => {
  requestMaps(state);
  // Only the lens shows the neuron, and it paints itself.
  if (state.neuron !== previous.neuron && state.isolated === previous.isolated) return;
  if (state.response !== previous.response) announce(describePrediction(state.response?.prediction ?? null));
  const before = mapsOf(previous);
  if (mapsOf(state).some((value, i) => value !== before[i])) scheduleMaps();
  schedulePad();
});

// Maps are painted when their response arrives: waiting for the next frame would show them a frame later.
const scheduleMaps = pace(() => paintResponse(store.getState()), PAINT_PAUSE);

const schedulePad = oncePerFrame(() => {
  drawing.paint();
  showControls(store.getState());
});

/** Open the lens at a map's largest value, and scroll to the map. @param {string} layer  @param {number} filter */
function openMap(layer, filter) {
  const neuron = { layer, filter, ...network.largestOf(layer, filter) };
  store.dispatch({ type: "neuronPinned", neuron });
  landOn(network.unitOf(layer, filter), "center");
}

// --- Controls ------------------------------------------------------------------------------------------------------

addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !document.querySelector("dialog[open]")) store.dispatch({ type: "isolationEnded" });
});
button("show-pre").addEventListener("click", () => store.dispatch({ type: "rectificationChosen", rectified: false }));
button("show-post").addEventListener("click", () => store.dispatch({ type: "rectificationChosen", rectified: true }));
slider("boost").addEventListener("input", () => store.dispatch({ type: "boostChosen", boost: slider("boost").valueAsNumber }));

const deleteButton = document.querySelector("#delete-network");
if (deleteButton instanceof HTMLButtonElement) {
  import("../network/own-network.js").then(({ wireDelete }) => wireDelete(deleteButton, model.id, showProblem)).catch(showProblem);
}

// --- Start ---------------------------------------------------------------------------------------------------------

document.documentElement.addEventListener("themechange", paintAll);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paintAll);
for (const query of ["(min-width: 1400px)", "(max-width: 760px)"]) matchMedia(query).addEventListener("change", paintAll);
addEventListener("hashchange", ({ newURL }) => {
  const { hash } = new URL(newURL); // The page may have written another one since.
  reportLinkProblem(showProblem, hash);
  const { digit, ...view } = fromFragment(hash);
  if (digit) store.dispatch({ type: "digitChosen", digit });
  else drawing.rememberInAddress(); // The address names a layer of this page, or a digit that cannot be shown.
  if (digit || Object.keys(view).length) store.dispatch({ type: "viewRestored", view: { rectified: true, boost: 0, training: null, ...view } });
});
enlargeInto(inputCanvas, INPUT_ROOM);
watchWidth(find(document, "#network-picture .scroll", HTMLElement), () => picture.layOut(), signal);
showControls(store.getState());
paintAll();
reportLinkProblem(showProblem, location.hash);
requestMaps(store.getState());
network.watch((layers) => {
  near = layers;
  requestMaps(store.getState());
  scheduleMaps();
});
