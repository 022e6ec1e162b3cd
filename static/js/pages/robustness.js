// @ts-check
// What breaks a network: a dial for each perturbation of the digit, in several networks side by side, and the measured curves.
/** @import { Digit, ExperimentsPageData, Tensor } from "../types.js" */
/** @import { Kind, Perturbed, RobustnessCurve } from "../api/robustness.js" */
import { persist } from "../api/reachability.js";
import { getRobustnessCurve, postRobustness } from "../api/robustness.js";
import { wireCode } from "../code/show-code.js";
import { find, findAll, setText } from "../dom/find.js";
import { curvePlot } from "../draw/curve-plot.js";
import { labelToRequest, requestForClass } from "../experiments/gradients/correct-class.js";
import { createNetworkColumn, paintDigit } from "../experiments/robustness/network-column.js";
import { paintScoreBoard } from "../experiments/robustness/score-board.js";
import { countFooled, keepScores, readScores, withAttempt } from "../experiments/robustness/scores.js";
import { describeAccuracy, describeChange, describeDigits, describeRanking, formatLevel, leastAccurate } from "../experiments/robustness/sentences.js";
import { percent } from "../network/prediction-bars.js";
import { planeOf } from "../network/selectors.js";
import { openDigitPage } from "../shell/digit-page.js";
import { fieldsOf, joinFields } from "../shell/url.js";

// Of the link: kind=…  the perturbation;  level=…  its level;  nets=…  the networks, separated by commas

const PICTURE_ROOM = 168; // CSS pixels.

/** Where the page begins: a change that can be seen. */
const FIRST = { kind: /** @type {Kind} */ ("rotate"), level: 30 };

/** @typedef {{least: number, most: number, step: number, unchanged: number}} Ends */

const page = openDigitPage();
const { announce, fail, signal, colors } = page;
const { models, compared, shown, kinds } = /** @type {ExperimentsPageData & {shown: string[], kinds: Record<Kind, Ends>}} */ (page.data);
const kindButtons = findAll(document, "[data-kind]", HTMLButtonElement);
const networkButtons = findAll(document, "[data-network]", HTMLButtonElement);
const dial = find(document, "#dial", HTMLInputElement);
const picture = find(document, "#perturbed", HTMLCanvasElement);
const plot = find(document, "#robustness-plot", HTMLElement);
const named = kindButtons.map((button) => ({ kind: kindOf(button), name: button.textContent ?? "" }));
const networks = compared.map((each, i) => ({ ...each, model: models[i], layer: (models[i].layers.find((layer) => layer.function) ?? models[i].layers[0]).name }));
const columns = new Map(networks.map((network) => [network.id, createNetworkColumn(network, network.model, (layer) => {
  network.layer = layer;
  requestAgain();
})]));

let { kind } = FIRST;
/** The dial of each perturbation stays where it was left. @type {Map<Kind, number>} */
const levels = new Map();
let chosen = shown;
/** @type {{response: Perturbed, tensors: Record<string, Tensor>} | null} */
let known = null;
/** By perturbation and networks. @type {Map<string, RobustnessCurve>} */
const curves = new Map();
let scores = readScores();
/** @type {typeof scores | null} */
let paintedScores = null;

restore(fieldsOf(location.hash));

/** @param {Digit} digit */
function request(digit) {
  const layers = [...new Set(networks.filter(({ id }) => chosen.includes(id)).map(({ layer }) => layer))];
  const perturbation = { kind, level: levelOf(kind) };
  if (kind !== "fgsm") return postRobustness(chosen, digit, perturbation, layers);
  const label = labelToRequest(digit, known?.response.label ?? null, models[0].classes.length);
  return requestForClass(label, 0, (each) => postRobustness(chosen, digit, each === null ? perturbation : { ...perturbation, label: each }, layers));
}

const { requestAgain, schedulePaint, rememberInAddress } = page.start({
  request,
  onResponse(newest) {
    known = newest;
    const { response } = newest;
    for (const { id, before, after } of response.models) {
      const attempt = { kind: response.kind, level: response.level, unchanged: kinds[response.kind].unchanged, model: id, before, after };
      const better = withAttempt(scores, attempt);
      if (better !== scores) keepScores(better);
      scores = better;
    }
    announce(`${nameOfKind(response.kind)} ${formatLevel(response.kind, response.level)}. ${response.models.map(({ id, before, after }) => `${nameOf(id)}: ${describeChange(before, after)}`).join(" ")}`);
    return { input: newest.tensors.input, framing: response.input.framing };
  },
  paint,
  layOut: paintCurve,
  extra: () => joinFields({
    kind: kind === FIRST.kind ? null : kind,
    level: levelOf(kind) === firstLevel(kind) ? null : levelOf(kind),
    nets: String(chosen) === String(shown) ? null : chosen.join(","),
  }),
  restore(fields) {
    restore(fields);
    changed();
  },
});

// --- Painting ------------------------------------------------------------------------------------------------------

function paint() {
  if (!known) return;
  const { response, tensors } = known;
  const [first] = response.models;
  paintDigit(picture, planeOf(tensors[`${first.id}/pixels`]), colors(), PICTURE_ROOM);
  setText(find(document, "#perturbed-of", HTMLElement), response.kind === "fgsm"
    ? `Fast gradient sign method (FGSM): each pixel moves by ε in the direction that raises the loss of ${response.label}, here for ${nameOf(first.id)}. Each network gets a picture of its own.`
    : "what every network receives");
  const most = Math.max(1, ...response.models.flatMap(({ changes }) => changes.map(({ change }) => change ?? 0)));
  for (const result of response.models) {
    const best = scores[response.kind]?.[result.id];
    columns.get(result.id)?.paint({ result, tensors, ownPicture: response.kind === "fgsm", best: best === undefined ? null : formatLevel(response.kind, best) }, most, colors());
    paintBefore(result);
  }
  paintScores();
  Object.assign(document.body.dataset, { perturbed: `${response.kind}/${response.level}`, networks: response.models.map(({ id }) => id).join(",") });
}

/** The prediction beside the pad is that of the digit as it was drawn. @param {Perturbed["models"][number]} result */
function paintBefore({ id, before }) {
  const row = find(document, `#model-predictions tr[data-model="${CSS.escape(id)}"]`, HTMLTableRowElement);
  setText(find(row, ".digit", HTMLElement), before ? String(before.digit) : "–");
  setText(find(row, ".probability", HTMLElement), before ? percent(before.probability) : "");
}

function paintScores() {
  if (scores === paintedScores) return;
  paintedScores = scores;
  const all = networks.map(({ id }) => id);
  const fooled = countFooled(scores, named.map((each) => each.kind), all);
  setText(find(document, "#fooled-count", HTMLElement), `${fooled} of ${named.length * all.length}`);
  paintScoreBoard(find(document, "#score-board", HTMLTableElement), scores, named, networks);
}

/** What changes with the perturbation, its level and the networks, before any response. */
function paintControls() {
  const { least, most, step } = kinds[kind];
  Object.assign(dial, { min: String(least), max: String(most), step: String(step), value: String(levelOf(kind)) });
  setText(find(document, "#dial-name", HTMLElement), nameOfKind(kind));
  setText(find(document, "#dial-value", HTMLOutputElement), formatLevel(kind, levelOf(kind)));
  dial.setAttribute("aria-valuetext", formatLevel(kind, levelOf(kind)));
  for (const button of kindButtons) button.setAttribute("aria-pressed", String(kindOf(button) === kind));
  for (const button of networkButtons) button.setAttribute("aria-pressed", String(chosen.includes(button.dataset.network ?? "")));
  for (const row of findAll(document, "#model-predictions tr[data-model]", HTMLTableRowElement)) row.hidden = !chosen.includes(row.dataset.model ?? "");
  for (const { id, layer } of networks) columns.get(id)?.choose(layer);
  const shownColumns = chosen.flatMap((id) => columns.get(id) ?? []);
  find(document, "#verdicts", HTMLElement).replaceChildren(...shownColumns.map(({ verdict }) => verdict));
  find(document, "#networks", HTMLElement).replaceChildren(...shownColumns.map(({ root }) => root));
  paintCurve();
}

function paintCurve() {
  const curve = curves.get(curveKey());
  plot.dataset.kind = curve ? `${kind}/${chosen}` : "";
  if (!curve) return;
  const labels = curve.levels.map((level, i) => (curve.levels.length > 9 && i % 2 ? "" : formatLevel(kind, level)));
  const series = curve.models.map(({ id, accuracy }) => {
    const network = networks.find((each) => each.id === id);
    return { id, name: nameOf(id), connection: network?.connection ?? /** @type {"other"} */ ("other"), values: accuracy };
  });
  plot.replaceChildren(curvePlot({ levels: curve.levels, labels, title: "Share of test digits classified correctly at each level", axis: curve.unit, series }, levelOf(kind)));
  setText(find(document, "#accuracy-sentence", HTMLElement), describeAccuracy(curve, levelOf(kind), nameOf));
  setText(find(document, "#ranking-sentence", HTMLElement), describeRanking(curve, nameOf));
  setText(find(document, "#curve-digits", HTMLElement), describeDigits(curve.models, nameOf));
  const least = networks.find(({ id }) => id === leastAccurate(curve));
  find(document, "#why-convolution", HTMLElement).hidden = curve.models.length < 2 || least?.connection !== "convolution";
}

// --- Choices -------------------------------------------------------------------------------------------------------

function changed() {
  paintControls();
  loadCurve().catch(fail);
  requestAgain();
  rememberInAddress();
}

async function loadCurve() {
  const [key, ids, of] = [curveKey(), chosen, kind];
  if (!curves.has(key)) curves.set(key, await persist(() => getRobustnessCurve(ids, of), fail));
  if (key === curveKey()) paintCurve();
}

function curveKey() {
  return `${kind}/${chosen}`;
}

/** @param {Kind} of */
function levelOf(of) {
  return levels.get(of) ?? firstLevel(of);
}

/** @param {Kind} of */
function firstLevel(of) {
  return of === FIRST.kind ? FIRST.level : kinds[of].unchanged;
}

/** @param {HTMLButtonElement} button */
function kindOf({ dataset }) {
  return /** @type {Kind} */ (dataset.kind);
}

/** @param {Kind} of */
function nameOfKind(of) {
  return named.find((each) => each.kind === of)?.name ?? of;
}

/** @param {string} id */
function nameOf(id) {
  return networks.find((each) => each.id === id)?.name ?? id;
}

/** @param {number} level */
function turn(level) {
  levels.set(kind, level);
  setText(find(document, "#dial-value", HTMLOutputElement), formatLevel(kind, level));
  dial.setAttribute("aria-valuetext", formatLevel(kind, level));
  requestAgain();
  paintCurve();
  rememberInAddress();
}

for (const button of kindButtons) {
  button.addEventListener("click", () => {
    kind = kindOf(button);
    changed();
  }, { signal });
}
for (const button of networkButtons) {
  button.addEventListener("click", () => {
    const id = button.dataset.network ?? "";
    const next = networks.map((each) => each.id).filter((each) => (each === id) !== chosen.includes(each));
    if (next.length) chosen = next; // One stays.
    changed();
  }, { signal });
}
dial.addEventListener("input", () => turn(dial.valueAsNumber), { signal });
find(document, "#reset-dial", HTMLButtonElement).addEventListener("click", () => {
  dial.valueAsNumber = kinds[kind].unchanged;
  turn(kinds[kind].unchanged);
}, { signal });
find(document, "#forget-scores", HTMLButtonElement).addEventListener("click", () => {
  scores = {};
  keepScores(scores);
  schedulePaint();
}, { signal });

/** @param {URLSearchParams} fields */
function restore(fields) {
  kind = /** @type {Kind} */ (named.find((each) => each.kind === fields.get("kind"))?.kind ?? FIRST.kind);
  const { least, most } = kinds[kind];
  const level = Number(fields.get("level") ?? NaN);
  if (level >= least && level <= most) levels.set(kind, level);
  else levels.delete(kind);
  const given = (fields.get("nets") ?? "").split(",");
  const known = networks.map(({ id }) => id).filter((id) => given.includes(id));
  chosen = known.length ? known : shown;
}

wireCode({ model: page.data.model.id, fail });
paintControls();
loadCurve().catch(fail);
