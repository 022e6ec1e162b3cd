// @ts-check
// Visitors' training runs: settings, progress, a comparison of two runs, and what they predict for the digit on the pad.
/** @import { Digit, ModelDescription } from "../types.js" */
/** @import { Activations } from "../api/activations.js" */
/** @import { Run, RunName, TrainingRequest } from "../train/types.js" */
import { requestActivations } from "../api/activations.js";
import { pageAddress } from "../api/address.js";
import { getModel } from "../api/networks.js";
import { deleteTraining, getTraining, networkFileAddress, startTraining } from "../api/trainings.js";
import { persist } from "../api/reachability.js";
import { find, findAll, setText } from "../dom/find.js";
import { buildSvgButton } from "../dom/svg-button.js";
import { largestAbsolute } from "../draw/largest.js";
import { planeOfRows } from "../draw/plane.js";
import { createLegend } from "../network/legend.js";
import { openDigitPage } from "../shell/digit-page.js";
import { Notice } from "../shell/failures.js";
import { ownerOf, rememberOwner } from "../shell/owners.js";
import { oncePerFrame } from "../shell/pace.js";
import { fieldsOf, joinFields } from "../shell/url.js";
import { drawCurves } from "../train/curves.js";
import { createDigitResult, MAPS } from "../train/digit-result.js";
import { openRun } from "../train/followed-run.js";
import { createKernelList } from "../train/kernel-list.js";
import {
  costSentence, deadFilters, deadSentence, differenceSentence, isActive, newestKernels, noKernels, progressOf, requestOf, runIdIn, shortStatus, statusSentence,
} from "../train/run.js";

// Of the link: run=…  the run;  compare=…  the run that is compared with it, or "new" before it is started

const NEW = "new";
const FIRST_RANGE = 0.3; // Of the kernels' colors, which grows with them.
/** @type {RunName[]} */
const NAMES = ["A", "B"];

const page = openDigitPage();
const { signal, colors, fail, hideProblem, data: { model: pageModel } } = page;
const root = find(document, "#train", HTMLElement);
const form = find(document, "#train-form", HTMLFormElement);
const sliders = findAll(form, "[data-field]", HTMLInputElement);
const equal = find(form, "#train-equal", HTMLInputElement);
const otherRun = find(document, "#other-run", HTMLInputElement);
const [startButton, cancelButton, compareButton, endButton] = ["#start", "#cancel", "#compare", "#end-comparison"].map((id) => find(document, id, HTMLButtonElement));
const legends = {
  weights: createLegend(find(document, "#train-legend", HTMLElement), "weights"),
  maps: createLegend(find(document, "#maps-legend", HTMLElement), "activations"),
};
const views = Object.fromEntries(NAMES.map((name) => [name, createView(name)]));

/** @type {Record<RunName, {run: Run, close: () => void} | null>} */
const opened = { A: null, B: null };
/** Of finished runs, by id. @type {Map<string, Promise<ModelDescription>>} */
const models = new Map();
/** @type {Partial<Record<RunName, {id: string, activations: Activations, model: ModelDescription}>>} */
let results = {};
let isComparing = false;
/** Whose settings the form shows. @type {RunName} */
let selected = "A";
let isStarting = false;
let range = FIRST_RANGE;

/** @param {RunName} name */
const runOf = (name) => opened[name]?.run ?? null;

/** @returns {RunName[]} */
const shownNames = () => (isComparing ? NAMES : ["A"]);

const schedulePaint = oncePerFrame(paintRuns);
const { rememberInAddress, requestAgain } = page.start({
  request: predict,
  onResponse(responses) {
    results = responses.results;
    const { tensors, framing } = responses.activations;
    return { input: tensors.input, framing };
  },
  paint: paintResults,
  layOut: paintRuns,
  extra: () => joinFields({ run: opened.A?.run.id ?? null, compare: isComparing ? opened.B?.run.id ?? NEW : null }),
  restore: openLinked,
});

/** @param {RunName} name */
function createView(name) {
  const section = find(document, `#run-${name}`, HTMLElement);
  return {
    section,
    status: find(section, ".run-status", HTMLElement),
    empty: find(section, ".run-empty", HTMLElement),
    dead: find(section, ".run-dead", HTMLElement),
    kernels: createKernelList(find(section, ".train-kernels", HTMLElement)),
    digit: find(document, `#digit-${name}`, HTMLElement),
    result: createDigitResult(find(document, `#digit-${name}`, HTMLElement)),
  };
}

/** The activations in each finished network; without one, in the page's model, for the input alone. @param {Digit} digit */
async function predict(digit) {
  const done = shownNames().flatMap((name) => (runOf(name)?.state === "done" ? [{ name, id: runOf(name)?.id ?? "" }] : []));
  if (!done.length) return { results: {}, activations: await requestActivations(pageModel.id, digit, { layers: [pageModel.layers[0].name] }) };
  const all = await Promise.all(done.map(async ({ name, id }) => {
    if (!models.has(id)) models.set(id, getModel(id));
    try {
      const [model, activations] = await Promise.all([models.get(id), requestActivations(id, digit, { layers: [MAPS] })]);
      return { name, id, activations, model };
    } catch (error) {
      models.delete(id);
      throw error;
    }
  }));
  return { results: Object.fromEntries(all.map((each) => [each.name, each])), activations: all[0].activations };
}

function chosen() {
  return requestOf(Object.fromEntries(sliders.map((slider) => [slider.dataset.field ?? "", slider.valueAsNumber])), equal.checked);
}

function showChoices() {
  const request = chosen();
  for (const slider of sliders) {
    const field = /** @type {keyof typeof request} */ (slider.dataset.field);
    const text = request[field].toLocaleString("en", { maximumFractionDigits: 5 });
    setText(find(form, `output[for="${slider.id}"]`, HTMLOutputElement), field === "kernel_size" ? `${text}×${text}` : text);
  }
  setText(find(document, "#train-cost", HTMLElement), costSentence(request));
  schedulePaint();
}

/** Set the sliders to the settings of a run. @param {TrainingRequest} request */
function showRequest(request) {
  const fields = { ...request, learning_rate: Math.log10(request.learning_rate) };
  equal.checked = request.start === "equal";
  for (const slider of sliders) slider.value = String(fields[/** @type {keyof typeof fields} */ (slider.dataset.field)]);
  showChoices();
}

function paintRuns() {
  paintForm();
  const names = shownNames();
  const runs = names.flatMap((name) => {
    const run = runOf(name);
    return run ? [{ name, run }] : [];
  });
  const kernels = runs.flatMap(({ run }) => newestKernels(run) ?? []);
  range = Math.max(FIRST_RANGE, range, largestAbsolute(kernels.flat(2)));
  legends.weights.update([-range, range], colors().diverging);
  for (const each of findAll(document, ".compared", HTMLElement)) each.hidden = !isComparing;
  for (const name of NAMES) {
    const { section, status, empty, dead, kernels: list } = views[name];
    const run = runOf(name);
    const now = run && newestKernels(run);
    section.hidden = !names.includes(name);
    section.toggleAttribute("data-selected", isComparing && selected === name);
    setText(status, run ? shortStatus(run) : "");
    empty.hidden = Boolean(run);
    list.paint(now ?? noKernels(run && selected !== name ? run.request : chosen()), run ? deadFilters(run).dead : [], colors().diverging, range);
    dead.hidden = !run || !deadSentence(run);
    setText(dead, run ? deadSentence(run) : "");
  }
  find(document, "#watch-other", HTMLElement).hidden = Boolean(runOf("B"));
  const [a, b] = NAMES.map(runOf);
  setText(find(document, "#run-difference", HTMLElement), a && b ? differenceSentence(a.request, b.request) : "");
  find(document, "#train-curves", HTMLElement).replaceChildren(drawCurves(runs, isComparing));
  find(document, "#try-it", HTMLElement).hidden = !runs.some(({ run }) => run.state === "done");
}

/** The buttons and the status of the selected run. */
function paintForm() {
  const run = runOf(selected);
  const active = isActive(run);
  const isOwn = run !== null && ownerOf(run.id) !== null;
  startButton.disabled = isStarting || (active && isOwn);
  setText(startButton, isComparing ? `Train ${selected}` : "Train");
  cancelButton.disabled = !active || !isOwn;
  root.dataset.state = run?.state ?? "none";
  const progress = find(document, "#train-progress", HTMLProgressElement);
  progress.value = (run && progressOf(run)) ?? 0;
  progress.hidden = !active;
  setText(find(document, "#train-status", HTMLElement), isStarting ? "Starting…" : statusSentence(run));
  find(document, "#watch", HTMLElement).hidden = !active || !isOwn;
  find(document, "#explore", HTMLElement).hidden = run?.state !== "done";
  find(document, "#open-trained", HTMLAnchorElement).href = pageAddress("/", run?.id ?? "");
  find(document, "#download-network", HTMLAnchorElement).href = networkFileAddress(run?.id ?? "");
  compareButton.hidden = isComparing || !runOf("A");
  for (const button of findAll(form, "[data-run]", HTMLButtonElement)) button.setAttribute("aria-pressed", String(button.dataset.run === selected));
}

function paintResults() {
  const shown = shownNames().flatMap((name) => {
    const result = results[name];
    return result && result.id === runOf(name)?.id ? [{ name, ...result }] : [];
  });
  const maps = Math.max(0, ...shown.map(({ model }) => model.layers.find(({ name }) => name === MAPS)?.display_range[1] ?? 0));
  for (const name of NAMES) views[name].digit.hidden = !shown.some((each) => each.name === name);
  for (const { name, activations, model } of shown) {
    const kernels = newestKernels(/** @type {Run} */ (runOf(name))) ?? [];
    views[name].result.paint({ activations, model, kernels: kernels.map(planeOfRows) }, colors(), { weights: range, maps });
  }
  legends.maps.update([0, maps], colors().diverging, true);
}

/** Show a run, and follow it. @param {RunName} name  @param {Parameters<typeof openRun>[0]} known */
function show(name, known) {
  close(name);
  if (!runOf("A") && !runOf("B")) range = FIRST_RANGE;
  /** @type {Run["state"] | undefined} */
  let before;
  opened[name] = openRun(known, {
    onChange(run) {
      schedulePaint();
      if (run.state === "done" && before !== "done") requestAgain();
      before = run.state;
    },
    onProblem: (problem) => fail(new Notice(problem, { lasts: true })),
    fail,
  });
  rememberInAddress();
  schedulePaint();
}

/** @param {RunName} name */
function close(name) {
  opened[name]?.close();
  opened[name] = null;
}

/** @param {RunName} name  @param {TrainingRequest} request */
async function train(name, request) {
  isStarting = true;
  paintForm();
  try {
    hideProblem();
    const { id, owner } = await startTraining(request);
    rememberOwner(id, owner);
    show(name, { id, request, classes: null, state: "queued" });
  } catch (error) {
    fail(error);
  } finally {
    isStarting = false;
    paintForm();
  }
}

/** Show a run of the server, with its settings. @param {RunName} name  @param {string} id */
async function openById(name, id) {
  if (id === runOf(name)?.id) return;
  try {
    const known = await persist(() => getTraining(id), fail);
    show(name, known);
    if (name === selected || name === "A") showRequest(known.request);
  } catch (error) {
    fail(error);
  }
}

/** The runs of the address. @param {URLSearchParams} fields */
async function openLinked(fields) {
  const [a, b] = ["run", "compare"].map((field) => fields.get(field));
  isComparing = b !== null;
  if (!isComparing) close("B");
  if (a) await openById("A", a);
  if (b && b !== NEW) await openById("B", b);
  schedulePaint();
}

/** @param {boolean} isOn  @param {RunName} name  Whose settings the form shows. */
function compare(isOn, name) {
  isComparing = isOn;
  selected = name;
  if (!isOn) close("B");
  const run = runOf(name);
  if (run) showRequest(run.request);
  rememberInAddress();
  paintRuns();
  requestAgain();
}

/** Set the sliders to their first positions, except some. @param {Record<string, number>} fields  @param {boolean} isEqual */
function resetForm(fields, isEqual) {
  for (const slider of sliders) slider.value = slider.defaultValue;
  equal.checked = isEqual;
  for (const [field, value] of Object.entries(fields)) find(form, `[data-field="${field}"]`, HTMLInputElement).value = String(value);
  showChoices();
}

form.addEventListener("input", showChoices, { signal });
form.addEventListener("submit", (event) => {
  event.preventDefault();
  train(selected, chosen());
}, { signal });
for (const button of findAll(document, "[data-trial]", HTMLButtonElement)) {
  button.addEventListener("click", async () => {
    const { equal: isEqual = false, both = false, ...fields } = JSON.parse(button.dataset.trial ?? "{}");
    if (both) {
      close("A");
      compare(true, "B");
      resetForm(fields, false);
      find(form, "button[data-run]", HTMLButtonElement).scrollIntoView({ block: "center" });
      await train("A", chosen());
    }
    resetForm(fields, isEqual);
    if (both) await train("B", chosen());
    else startButton.focus();
  }, { signal });
}
cancelButton.addEventListener("click", async () => {
  cancelButton.disabled = true;
  const id = runOf(selected)?.id ?? "";
  try {
    await deleteTraining(id, ownerOf(id) ?? "");
  } catch (error) {
    fail(error);
    paintForm();
  }
}, { signal });
compareButton.addEventListener("click", () => {
  compare(true, "B");
  startButton.focus();
}, { signal });
endButton.addEventListener("click", () => compare(false, "A"), { signal });
for (const button of findAll(form, "[data-run]", HTMLButtonElement)) {
  button.addEventListener("click", () => compare(true, button.dataset.run === "B" ? "B" : "A"), { signal });
}
find(document, "#watch-other", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  const id = runIdIn(otherRun.value);
  if (id) openById("B", id);
  else fail(new Notice("This is no link of a run: such a link contains run=v and 33 more letters, digits and a hyphen."));
}, { signal });
addEventListener("hashchange", () => openLinked(fieldsOf(location.hash)), { signal });

find(document, "#curves-box", HTMLElement).after(buildSvgButton(() => find(document, "#train-curves svg", SVGSVGElement), "training", fail, signal));

showChoices();
paintRuns();
openLinked(fieldsOf(location.hash));
