// @ts-check
// What networks get wrong: confusion matrix, the digits of its cells, a misread digit beside a similar one, and calibration.
/** @import { LayerDescription, ModelDescription, PageData, Tensor } from "../types.js" */
/** @import { ConfusedDigit, Confusion, NetworkAtStep } from "../api/errors.js" */
/** @import { Misread } from "../experiments/errors/comparison.js" */
/** @import { Tile } from "../experiments/errors/digit-tiles.js" */
import { requestActivations } from "../api/activations.js";
import { pageAddress } from "../api/address.js";
import { getConfusedDigits, getConfusion, getMisreadDigit } from "../api/errors.js";
import { persist } from "../api/reachability.js";
import { wireCode } from "../code/show-code.js";
import { createAnnouncer } from "../dom/announce.js";
import { build } from "../dom/build.js";
import { find, findAll, setText } from "../dom/find.js";
import { themeColors } from "../draw/color-scale.js";
import { calibrationPlot } from "../experiments/errors/calibration-plot.js";
import { createComparison } from "../experiments/errors/comparison.js";
import { createConfusionMatrix } from "../experiments/errors/confusion-matrix.js";
import { createDigitTiles } from "../experiments/errors/digit-tiles.js";
import { commonestErrors, describeCalibration, describeCell, describeErrors } from "../experiments/errors/figures.js";
import { planesOf } from "../network/selectors.js";
import { createProblemNote } from "../shell/problem-note.js";
import { fieldsOf, joinFields } from "../shell/url.js";

const SHOWN = 60; // Digits of a cell, at first and with each "Show more".

// The address: net=…  the network;  step=…  the training step;  cell=…  label.predicted;  digit=…  the misread digit that is open

/** @typedef {{model: ModelDescription, name: string, steps: number[], layers: string[]}} ErrorsModel */

/** @type {{model: string, models: ErrorsModel[], colormaps: PageData["colormaps"]}} */
const { model: shown, models, colormaps } = JSON.parse(find(document, "#page-data", HTMLScriptElement).text);
const { show: fail, hide: hideProblem } = createProblemNote();
const announce = createAnnouncer(find(document, "#announcer", HTMLElement));
const { signal } = new AbortController();
const steps = find(document, "#steps", HTMLElement);
const modelButtons = findAll(document, "[data-model]", HTMLButtonElement);
const kinds = findAll(document, "[data-similar]", HTMLButtonElement);
const layerChoice = find(document, "#comparison-layer", HTMLSelectElement);
const more = find(document, "#more-digits", HTMLButtonElement);
const matrix = createConfusionMatrix(find(document, "#confusion", HTMLTableElement), chooseCell, signal);
const tiles = createDigitTiles(find(document, "#digits", HTMLElement), ({ index }) => openDigit(index), addressOf, signal);
const comparison = createComparison(find(document, "#comparison", HTMLElement));

const network = { chosen: models.find(({ model }) => model.id === shown) ?? models[0], step: /** @type {number | null} */ (null) };
/** @type {Confusion | null} */
let confusion = null;
/** @type {{label: number, predicted: number} | null} */
let cell = null;
/** @type {{total: number, tiles: Tile[]}} */
let listed = { total: 0, tiles: [] };
/** @type {Misread | null} */
let misread = null;
/** @type {[Tensor, Tensor] | null} */
let maps = null;
/** @type {"of-label" | "of-predicted"} */
let kind = "of-label";
/** Counts choices: what belongs to an earlier one is not shown. */
let choice = 0;

/** @returns {NetworkAtStep} */
const networkAtStep = () => ({ model: network.chosen.model.id, checkpoint: network.step });

/** @param {ConfusedDigit} digit */
function addressOf({ index }) {
  return `${pageAddress("/", network.chosen.model.id)}#n=${index}`;
}

/**
 * Load for the newest choice; what arrives after another choice is dropped.
 * @template R
 * @param {() => Promise<R>} load
 * @param {(response: R) => void} use
 */
async function loadFor(load, use) {
  const own = choice;
  try {
    const response = await persist(load, fail);
    if (own !== choice) return;
    hideProblem();
    use(response);
  } catch (error) {
    if (own === choice) fail(error);
  }
}

// --- Choices -------------------------------------------------------------------------------------------------------

/** @param {{cell?: {label: number, predicted: number} | null, digit?: number | null}} [keep]  What to open. */
function chooseNetwork({ cell: wanted = null, digit = null } = {}) {
  choice += 1;
  [confusion, cell, misread, maps] = [null, null, null, null];
  paintChoices();
  loadFor(() => getConfusion(networkAtStep()), (response) => {
    confusion = response;
    announce(describeErrors(response));
    const [first] = commonestErrors(response.matrix, 1);
    const holds = wanted && response.matrix[wanted.label]?.[wanted.predicted] ? wanted : null;
    chooseCell(holds ?? first ?? { label: 0, predicted: 0 }, digit);
    paint();
  });
}

/** @param {{label: number, predicted: number}} chosen  @param {number | null} [digit]  The one to open. */
function chooseCell(chosen, digit = null) {
  choice += 1;
  cell = chosen;
  [listed, misread, maps] = [{ total: 0, tiles: [] }, null, null];
  paint();
  showMore(digit);
  rememberInAddress();
}

/** @param {number | null} [digit]  The one to open; null: the first, if nothing is open. */
function showMore(digit = null) {
  if (!cell) return;
  const { label, predicted } = cell;
  const query = { label, predicted, offset: listed.tiles.length, limit: SHOWN };
  loadFor(() => getConfusedDigits(networkAtStep(), query), ({ response, tensors }) => {
    const planes = response.digits.length ? planesOf(tensors.pixels) : [];
    listed = { total: response.total, tiles: [...listed.tiles, ...response.digits.map((each, i) => ({ digit: each, plane: planes[i] }))] };
    paintTiles();
    const first = listed.tiles[0]?.digit;
    if (!misread && first && label !== predicted) openDigit(digit ?? first.index, false);
  });
}

/** @param {number} index  @param {boolean} [scroll]  The visitor has chosen it. */
function openDigit(index, scroll = true) {
  loadFor(() => getMisreadDigit(networkAtStep(), index), (response) => {
    [misread, maps] = [response, null];
    paintComparison();
    tiles.mark(index);
    rememberInAddress();
    if (scroll) find(document, "#comparison", HTMLElement).scrollIntoView({ block: "nearest" });
    loadMaps();
  });
}

function loadMaps() {
  const own = misread;
  const other = otherDigit();
  const layer = layerChoice.value;
  if (!own || !other || !layer) return;
  const { model, checkpoint } = networkAtStep();
  const request = (/** @type {number} */ index) => requestActivations(model, { kind: "sample", index }, { layers: [layer], checkpoint });
  loadFor(() => Promise.all([request(own.response.digit.index), request(other.index)]), ([first, second]) => {
    if (own !== misread || other !== otherDigit() || layer !== layerChoice.value) return;
    maps = [first.tensors[layer], second.tensors[layer]];
    paintComparison();
  });
}

function otherDigit() {
  return misread?.response.similar.find(({ id }) => id === kind) ?? misread?.response.similar[0] ?? null;
}

// --- Painting ------------------------------------------------------------------------------------------------------

function paintChoices() {
  for (const button of modelButtons) button.setAttribute("aria-pressed", String(button.dataset.model === network.chosen.model.id));
  steps.hidden = network.chosen.steps.length < 2;
  steps.replaceChildren(...network.chosen.steps.map((step, i, all) => {
    const isLast = i === all.length - 1;
    const own = isLast ? null : step;
    const button = build("button", { type: "button", "aria-pressed": String(network.step === own) }, isLast ? "Finished" : step ? `After ${step} steps` : "Untrained");
    button.addEventListener("click", () => {
      network.step = own;
      chooseNetwork({ cell });
    });
    return button;
  }));
  const before = layerChoice.value;
  layerChoice.replaceChildren(...network.chosen.layers.map((name) => build("option", { value: name }, name)));
  layerChoice.value = network.chosen.layers.includes(before) ? before : network.chosen.layers[0];
}

function paint() {
  if (!confusion) return;
  setText(find(document, "#errors-sentence", HTMLElement), describeErrors(confusion));
  matrix.paint(confusion, cell);
  find(document, "#calibration-plot", HTMLElement).replaceChildren(calibrationPlot(confusion.calibration));
  setText(find(document, "#calibration-sentence", HTMLElement), describeCalibration(confusion));
  if (cell) setText(find(document, "#cell-title", HTMLElement), describeCell(cell.label, cell.predicted, confusion.matrix[cell.label][cell.predicted]));
  paintTiles();
  paintComparison();
  document.body.dataset.network = `${network.chosen.model.id}/${network.step ?? ""}`;
}

function paintTiles() {
  tiles.paint(listed.tiles, misread?.response.digit.index ?? null, themeColors(colormaps));
  more.hidden = listed.tiles.length >= listed.total;
}

function paintComparison() {
  const root = find(document, "#comparison", HTMLElement);
  const other = otherDigit();
  root.hidden = !misread;
  find(root, "#comparison-body", HTMLElement).hidden = !other;
  find(root, "#no-similar", HTMLElement).hidden = Boolean(other);
  if (!misread || !other) return;
  const has = new Set(misread.response.similar.map(({ id }) => id));
  for (const button of kinds) {
    button.disabled = !has.has(/** @type {any} */ (button.dataset.similar));
    button.setAttribute("aria-pressed", String(button.dataset.similar === other.id));
    const name = button.dataset.similar === "of-label" ? misread.response.digit.label : misread.response.digit.predicted;
    setText(button, `The most similar ${name}`);
  }
  const link = find(root, "#open-digit", HTMLAnchorElement);
  link.href = addressOf(misread.response.digit);
  const layer = /** @type {LayerDescription | null} */ (network.chosen.model.layers.find(({ name }) => name === layerChoice.value) ?? null);
  comparison.paint({ misread, other, layer, maps }, themeColors(colormaps));
  document.body.dataset.compared = `${misread.response.digit.index}/${other.index}${maps ? `/${layerChoice.value}` : ""}`;
}

// --- Listeners and start -------------------------------------------------------------------------------------------

function rememberInAddress() {
  const { model } = networkAtStep();
  const fields = joinFields({
    net: model === shown ? null : model,
    step: network.step,
    cell: cell && `${cell.label}.${cell.predicted}`,
    digit: misread?.response.digit.index ?? null,
  });
  history.replaceState(null, "", `#${fields}`);
}

function restore() {
  const fields = fieldsOf(location.hash);
  network.chosen = models.find(({ model }) => model.id === fields.get("net")) ?? models.find(({ model }) => model.id === shown) ?? models[0];
  const step = Number(fields.get("step") ?? NaN);
  network.step = network.chosen.steps.slice(0, -1).includes(step) ? step : null;
  const given = /^(\d)\.(\d)$/.exec(fields.get("cell") ?? "");
  const digit = /^\d{1,5}$/.test(fields.get("digit") ?? "") ? Number(fields.get("digit")) : null;
  chooseNetwork({ cell: given && { label: Number(given[1]), predicted: Number(given[2]) }, digit });
}

for (const button of modelButtons) {
  button.addEventListener("click", () => {
    network.chosen = models.find(({ model }) => model.id === button.dataset.model) ?? models[0];
    network.step = null;
    chooseNetwork({ cell });
  });
}
for (const button of kinds) {
  button.addEventListener("click", () => {
    kind = button.dataset.similar === "of-predicted" ? "of-predicted" : "of-label";
    maps = null;
    paintComparison();
    loadMaps();
  });
}
layerChoice.addEventListener("change", () => {
  maps = null;
  paintComparison();
  loadMaps();
});
more.addEventListener("click", () => showMore());
document.documentElement.addEventListener("themechange", paint);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
addEventListener("hashchange", restore);
restore();
wireCode({ model: network.chosen.model.id, fail });
