// @ts-check
// A visitor's own symbols: draw examples of each class, train on them, and draw new ones to see what the network predicts.
/** @import { Digit, ModelDescription, PageData } from "../types.js" */
/** @import { Activations } from "../api/activations.js" */
/** @import { Run } from "../train/types.js" */
/** @import { CollectionAction } from "../symbols/collection.js" */
import { requestActivations } from "../api/activations.js";
import { pageAddress } from "../api/address.js";
import { createDigitChannel } from "../api/digit-channel.js";
import { getModel } from "../api/networks.js";
import { persist } from "../api/reachability.js";
import { deleteTraining, getTraining, networkFileAddress, startTraining } from "../api/trainings.js";
import { createAnnouncer } from "../dom/announce.js";
import { find, setText } from "../dom/find.js";
import { buildSvgButton } from "../dom/svg-button.js";
import { themeColors } from "../draw/color-scale.js";
import { largestAbsolute } from "../draw/largest.js";
import { planeOfRows } from "../draw/plane.js";
import { PEN_WIDTH, wirePad } from "../drawing/drawing-tools.js";
import { createLegend } from "../network/legend.js";
import { describePrediction } from "../network/prediction-bars.js";
import { Notice } from "../shell/failures.js";
import { ownerOf, rememberOwner } from "../shell/owners.js";
import { oncePerFrame } from "../shell/pace.js";
import { createProblemNote } from "../shell/problem-note.js";
import { initialState, reduce } from "../shell/reducer.js";
import { createStore } from "../shell/store.js";
import { fieldsOf, toFragment } from "../shell/url.js";
import { createClassList } from "../symbols/class-list.js";
import { CLASSES, DRAWINGS, keepCollection, keptCollection, missingSentence, promptSentence, reduceCollection, requestOf } from "../symbols/collection.js";
import { drawCurves } from "../train/curves.js";
import { createDigitResult, MAPS } from "../train/digit-result.js";
import { openRun } from "../train/followed-run.js";
import { createKernelList } from "../train/kernel-list.js";
import { deadFilters, deadSentence, isActive, newestKernels, progressOf, runIdIn, statusSentence } from "../train/run.js";

const FIRST_RANGE = 0.3; // Of the kernels' colors, which grows with them.

/** @type {PageData} */
const { colormaps } = JSON.parse(find(document, "#page-data", HTMLScriptElement).text);
const { show: fail, hide: hideProblem } = createProblemNote();
const announce = createAnnouncer(find(document, "#announcer", HTMLElement));
const { signal } = new AbortController();
/** @param {string} id */
const element = (id) => find(document, id, HTMLElement);
/** @param {string} id */
const button = (id) => find(document, id, HTMLButtonElement);

const store = createStore(reduce, initialState({ kind: "strokes", strokes: [], penWidth: PEN_WIDTH }, PEN_WIDTH));
const collection = createStore(reduceCollection, keptCollection());
const classList = createClassList(element("#symbol-list"), collection.dispatch);
const kernelList = createKernelList(element("#symbol-kernels"));
const result = createDigitResult(element("#symbol-result"));
const weightsLegend = createLegend(element("#train-legend"), "weights");
const mapsLegend = createLegend(element("#maps-legend"), "activations");

/** @type {"draw" | "try"} */
let mode = "draw";
let isStarting = false;
/** @type {{run: Run, close: () => void} | null} */
let opened = null;
/** @type {ModelDescription | null} */
let model = null;
/** @type {{id: string, digit: Digit, activations: Activations} | null} */
let known = null;
let range = FIRST_RANGE;
let colors = themeColors(colormaps);

const pad = wirePad({ store, colors: () => colors, framed: () => null, fail }, signal);
const scheduleRun = oncePerFrame(paintRun);
const schedulePad = oncePerFrame(paintPad);

const channel = createDigitChannel(
  /** @param {{id: string, digit: Digit}} request */
  async ({ id, digit }) => {
    if (model?.id !== id) model = await getModel(id);
    return { id, digit, activations: await requestActivations(id, digit, { layers: [MAPS] }) };
  },
  {
    onResponse(response) {
      known = response;
      hideProblem();
      if (model) announce(describePrediction(response.activations.prediction, (label) => model?.classes[label] ?? String(label)));
      paintResult();
    },
    onFailure: fail,
  },
);

const drawing = () => {
  const { digit } = store.getState();
  return digit.kind === "strokes" ? digit.strokes : [];
};

function paintPad() {
  pad.paint();
  pad.showTools();
  const { classes, selected } = collection.getState();
  const add = button("#add-drawing");
  add.hidden = mode === "try";
  add.disabled = !drawing().length || classes[selected].drawings.length >= DRAWINGS.most;
  setText(add, `Add to ${classes[selected].name}`);
}

function paintCollection() {
  const state = collection.getState();
  classList.paint(state, store.getState().penWidth, colors);
  button("#add-class").disabled = state.classes.length >= CLASSES.most;
  paintRun();
  paintPad();
}

function paintRun() {
  const run = opened?.run ?? null;
  const active = isActive(run);
  const missing = missingSentence(collection.getState());
  const isDone = run?.state === "done";
  element("#symbols").dataset.state = run?.state ?? "none";
  setText(element("#symbol-prompt"), mode === "try" ? "Draw any of your symbols: the prediction follows your pen." : promptSentence(collection.getState()));
  button("#mode-draw").setAttribute("aria-pressed", String(mode === "draw"));
  button("#mode-try").setAttribute("aria-pressed", String(mode === "try"));
  button("#mode-try").disabled = !isDone;
  element("#symbol-classes").hidden = mode === "try";
  element("#symbol-try").hidden = mode === "draw";
  button("#start").disabled = isStarting || active || missing !== "";
  button("#cancel").disabled = !active || ownerOf(run?.id ?? "") === null;
  const progress = find(document, "#train-progress", HTMLProgressElement);
  progress.hidden = !active;
  progress.value = (run && progressOf(run)) ?? 0;
  setText(element("#train-status"), isStarting ? "Sending the drawings…" : run && (active || !missing) ? statusSentence(run) : missing || "Ready to train.");
  setText(element("#result-status"), run ? statusSentence(run) : "");
  find(document, "#open-trained", HTMLAnchorElement).href = `${pageAddress("/", run?.id ?? "")}#${toFragment({ digit: store.getState().digit })}`;
  find(document, "#download-network", HTMLAnchorElement).href = networkFileAddress(run?.id ?? "");
  const kernels = run && newestKernels(run);
  element("#symbol-run").hidden = !kernels;
  if (!run || !kernels) return;
  range = Math.max(range, largestAbsolute(kernels.flat(2)));
  weightsLegend.update([-range, range], colors.diverging);
  kernelList.paint(kernels, deadFilters(run).dead, colors.diverging, range);
  element("#symbol-dead").hidden = !deadSentence(run);
  setText(element("#symbol-dead"), deadSentence(run));
  element("#train-curves").replaceChildren(drawCurves([{ name: "A", run }], false));
}

function paintResult() {
  const run = opened?.run;
  if (!known || !model || known.id !== run?.id) return;
  const maps = model.layers.find(({ name }) => name === MAPS)?.display_range[1] ?? 1;
  result.paint({ activations: known.activations, model, kernels: (newestKernels(run) ?? []).map(planeOfRows) }, colors, { weights: range, maps });
  mapsLegend.update([0, maps], colors.diverging, true);
  paintRun(); // The link to the workbench has the drawing.
}

function paintAll() {
  colors = themeColors(colormaps);
  paintCollection();
  paintResult();
}

/** @param {"draw" | "try"} chosen */
function choose(chosen) {
  if (mode === chosen) return;
  mode = chosen;
  store.dispatch({ type: "cleared" });
  if (mode === "try") send();
  paintCollection();
  element("#pad").scrollIntoView({ block: "nearest" }); // On a phone, the button to train is below it.
}

function send() {
  if (mode === "try" && opened?.run.state === "done") channel.send({ id: opened.run.id, digit: store.getState().digit });
}

function addDrawing() {
  if (mode === "try" || !drawing().length) return;
  const { classes, selected } = collection.getState();
  collection.dispatch({ type: "drawn", drawing: drawing() });
  store.dispatch({ type: "cleared" });
  announce(`Drawing ${classes[selected].drawings.length + 1} of ${classes[selected].name} added.`);
}

/** Show a run, and follow it. @param {Parameters<typeof openRun>[0]} run */
function show(run) {
  opened?.close();
  range = FIRST_RANGE;
  known = null;
  history.replaceState(null, "", `#run=${run.id}`);
  opened = openRun(run, {
    onChange(now) {
      scheduleRun();
      if (now.state === "done") choose("try");
    },
    onProblem: (problem) => fail(new Notice(problem, { lasts: true })),
    fail,
  });
  paintRun();
}

async function train() {
  isStarting = true;
  paintRun();
  try {
    hideProblem();
    const { id, owner } = await startTraining(requestOf(collection.getState(), store.getState().penWidth));
    rememberOwner(id, owner);
    const { request, classes, state } = await persist(() => getTraining(id), fail);
    show({ id, request, classes, state });
  } catch (error) {
    fail(error);
  } finally {
    isStarting = false;
    paintRun();
  }
}

async function openLinked() {
  const id = runIdIn(fieldsOf(location.hash).get("run") ?? "");
  if (!id || id === opened?.run.id) return;
  try {
    show(await persist(() => getTraining(id), fail));
  } catch (error) {
    fail(error);
  }
}

store.subscribe((state, previous) => {
  if (state.digit !== previous.digit) send();
  if (state.penWidth !== previous.penWidth) paintCollection();
  schedulePad();
});
collection.subscribe((state, previous) => {
  keepCollection(state);
  if (state.selected !== previous.selected) store.dispatch({ type: "cleared" });
  paintCollection();
});
button("#mode-draw").addEventListener("click", () => choose("draw"), { signal });
button("#mode-try").addEventListener("click", () => choose("try"), { signal });
button("#add-drawing").addEventListener("click", addDrawing, { signal });
find(document, "#pad", HTMLCanvasElement).addEventListener("keydown", (event) => {
  if (event.key === "Enter") addDrawing();
}, { signal });
button("#add-class").addEventListener("click", () => {
  collection.dispatch(/** @type {CollectionAction} */ ({ type: "classAdded" }));
  find(document, "#symbol-list > li:last-child input", HTMLInputElement).select();
}, { signal });
button("#start").addEventListener("click", train, { signal });
button("#cancel").addEventListener("click", async () => {
  button("#cancel").disabled = true;
  const id = opened?.run.id ?? "";
  try {
    await deleteTraining(id, ownerOf(id) ?? "");
  } catch (error) {
    fail(error);
    paintRun();
  }
}, { signal });
document.documentElement.addEventListener("themechange", paintAll);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paintAll);
addEventListener("hashchange", openLinked);

element("#curves-box").after(buildSvgButton(() => find(document, "#train-curves svg", SVGSVGElement), "training", fail, signal));

paintAll();
openLinked();
