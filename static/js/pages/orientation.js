// @ts-check
// Hubel and Wiesel's experiment: a bar of light instead of a digit, and the tuning curve of every filter.
/** @import { Bar, OrientationTuning, PageData, Plane, Tensor, TuningGroup, TuningMeasure } from "../types.js" */
import { requestActivations } from "../api/activations.js";
import { createDigitChannel } from "../api/digit-channel.js";
import { getTuning } from "../api/experiments.js";
import { requestKernels } from "../api/kernels.js";
import { persist } from "../api/reachability.js";
import { wireCode } from "../code/show-code.js";
import { createAnnouncer } from "../dom/announce.js";
import { find, findAll } from "../dom/find.js";
import { buildSvgButton } from "../dom/svg-button.js";
import { themeColors } from "../draw/color-scale.js";
import { fromAddress, toAddress } from "../experiments/orientation-tuning/address.js";
import { createBarStage } from "../experiments/orientation-tuning/bar-stage.js";
import { drawBar } from "../experiments/orientation-tuning/bar.js";
import { createTuningView } from "../experiments/orientation-tuning/tuning-view.js";
import { oncePerFrame } from "../shell/pace.js";
import { reportLinkProblem } from "../shell/failures.js";
import { createProblemNote } from "../shell/problem-note.js";

const REST = 400; // Milliseconds without a change before the address is written: browsers limit how often a page may do so.

/** @type {{groups: TuningGroup[], colormaps: PageData["colormaps"]}} */
const { groups, colormaps } = JSON.parse(find(document, "#page-data", HTMLScriptElement).text);
const schedulePaint = oncePerFrame(paint);
const { show: fail, hide: hideProblem } = createProblemNote();
const announce = createAnnouncer(find(document, "#announcer", HTMLElement));
const groupButtons = findAll(document, "[data-group]", HTMLButtonElement);
const measureButtons = findAll(document, "[data-measure]", HTMLButtonElement);

let state = fromAddress(location.hash, groups);
let colors = themeColors(colormaps);
/** @type {Map<string, Tensor>} */
const kernels = new Map();
/** The maps of the bar shown. @type {{group: TuningGroup, tensor: Tensor} | null} */
let maps = null;

const view = createTuningView(groups, announce);
for (const [id, name] of [["tuning-cards", "tuning-curves"], ["selectivity-box", "selectivity"]]) {
  const drawing = find(document, `#${id}`, HTMLElement);
  drawing.after(buildSvgButton(() => drawing, name, fail));
}
const stage = createBarStage({ shown: () => state, changeBar, turnTo, announce });

const tuner = createDigitChannel(
  /** @param {{bar: Bar, measure: TuningMeasure}} shown  @returns {Promise<{id: string, tuning: OrientationTuning}[]>} */
  ({ bar, measure }) => Promise.all(groups.map(async ({ id, model, checkpoint }) => ({ id, tuning: await getTuning(model, bar, measure, checkpoint) }))),
  {
    onResponse(measured) {
      hideProblem();
      view.show(measured);
      paintAll();
    },
    onFailure: fail,
  },
);

const mapper = createDigitChannel(
  /** @param {{plane: Plane, group: TuningGroup}} shown */
  async ({ plane, group }) => {
    const { tensors } = await requestActivations(group.model, { kind: "pixels", plane }, { layers: [group.rectifier], checkpoint: group.checkpoint });
    return { group, tensor: tensors[group.rectifier] };
  },
  {
    onResponse(received) {
      maps = received;
      schedulePaint();
    },
    onFailure: fail,
  },
);

async function fetchKernels() {
  const { id, model, kernels: layer, checkpoint } = state.group;
  if (kernels.has(id)) return;
  try {
    kernels.set(id, (await persist(() => requestKernels(model, layer, { checkpoint }), fail)).kernels);
    paintAll();
  } catch (error) {
    fail(error);
  }
}

// --- Painting ------------------------------------------------------------------------------------------------------

function paint() {
  stage.paint(colors);
  view.point(state.angle);
  if (maps?.group === state.group) view.paintMaps(maps.tensor, colors);
  for (const button of groupButtons) button.setAttribute("aria-pressed", String(button.dataset.group === state.group.id));
  for (const button of measureButtons) button.setAttribute("aria-pressed", String(button.dataset.measure === state.measure));
}

function paintAll() {
  view.paintKernels(kernels.get(state.group.id), colors);
  paint();
}

function layOut() {
  colors = themeColors(colormaps);
  stage.enlarge(matchMedia("(max-width: 379px)").matches ? 5 : matchMedia("(max-width: 760px)").matches ? 6 : matchMedia("(max-width: 1023px)").matches ? 8 : 10);
  paintAll();
}

// --- Changes -------------------------------------------------------------------------------------------------------

/** @param {Bar} bar */
function changeBar(bar) {
  state.bar = bar;
  tuner.send({ bar, measure: state.measure });
  showBar();
}

/** @param {number} angle  0–180°. */
function turnTo(angle) {
  state.angle = angle;
  showBar();
}

function showBar() {
  mapper.send({ plane: drawBar(state.bar, state.angle), group: state.group });
  schedulePaint();
  rememberInAddress();
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let addressTimer;

function rememberInAddress() {
  clearTimeout(addressTimer);
  addressTimer = setTimeout(() => history.replaceState(null, "", toAddress(state, groups)), REST);
}

for (const button of groupButtons) {
  button.addEventListener("click", () => {
    state.group = groups.find(({ id }) => id === button.dataset.group) ?? groups[0];
    view.choose(state.group);
    fetchKernels();
    paintAll();
    showBar();
  });
}
for (const button of measureButtons) {
  button.addEventListener("click", () => {
    state.measure = button.dataset.measure === "center" ? "center" : "swept";
    changeBar(state.bar);
  });
}

// --- Start ---------------------------------------------------------------------------------------------------------

document.documentElement.addEventListener("themechange", layOut);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", layOut);
for (const width of ["379px", "760px", "1023px"]) matchMedia(`(max-width: ${width})`).addEventListener("change", layOut);
addEventListener("hashchange", ({ newURL }) => start(new URL(newURL).hash)); // The page may have written another one since.
wireCode({ model: groups[0]?.model ?? "", fail });
stage.open();
layOut();
start(location.hash);

/** @param {string} hash */
function start(hash) {
  state = fromAddress(hash, groups);
  reportLinkProblem(fail, hash);
  view.choose(state.group);
  fetchKernels();
  changeBar(state.bar);
}
