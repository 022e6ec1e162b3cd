// @ts-check
// A visitor's training run: its settings, its progress, and a link to the finished network.
/** @import { PageData } from "../types.js" */
/** @import { Run } from "../train/types.js" */
import { pageAddress } from "../api/address.js";
import { deleteTraining, followTraining, getTraining, networkFileAddress, startTraining } from "../api/trainings.js";
import { persist } from "../api/reachability.js";
import { find, findAll, setText } from "../dom/find.js";
import { themeColors } from "../draw/color-scale.js";
import { createLegend } from "../network/legend.js";
import { oncePerFrame } from "../shell/pace.js";
import { Notice } from "../shell/failures.js";
import { forgetOwner, ownerOf, rememberOwner } from "../shell/owners.js";
import { createProblemNote } from "../shell/problem-note.js";
import { drawCurves } from "../train/curves.js";
import { createKernelList } from "../train/kernel-list.js";
import { costSentence, newestKernels, noKernels, requestOf, statusSentence } from "../train/run.js";

/** @type {{colormaps: PageData["colormaps"]}} */
const { colormaps } = JSON.parse(find(document, "#page-data", HTMLScriptElement).text);
const { show: showProblem, hide: hideProblem } = createProblemNote();
const root = find(document, "#train", HTMLElement);
const form = find(document, "#train-form", HTMLFormElement);
const sliders = findAll(form, "[data-field]", HTMLInputElement);
const equal = find(form, "#train-equal", HTMLInputElement);
const startButton = find(document, "#start", HTMLButtonElement);
const cancelButton = find(document, "#cancel", HTMLButtonElement);
const legend = createLegend(find(document, "#train-legend", HTMLElement), "weights");
const kernelList = createKernelList(find(document, "#train-kernels", HTMLElement), legend);

/** @type {Run} */
let run = { id: "", state: "none", place: null, updates: [] };
let unfollow = () => {};
const schedulePaint = oncePerFrame(paint);

const empty = find(document, "#train-empty", HTMLElement);

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
  if (!newestKernels(run)) paint();
}

function paint() {
  const isActive = run.state === "queued" || run.state === "running";
  startButton.disabled = isActive && ownerOf(run.id) !== null;
  cancelButton.disabled = !isActive || ownerOf(run.id) === null;
  root.dataset.state = run.state;
  find(document, "#explore", HTMLElement).hidden = run.state !== "done";
  find(document, "#open-network", HTMLAnchorElement).href = pageAddress("/", run.id);
  find(document, "#download-network", HTMLAnchorElement).href = networkFileAddress(run.id);
  find(document, "#watch", HTMLElement).hidden = !isActive || ownerOf(run.id) === null;
  setText(find(document, "#train-status", HTMLElement), statusSentence(run));
  const kernels = newestKernels(run);
  empty.hidden = Boolean(kernels);
  kernelList.paint(kernels ?? noKernels(chosen()), themeColors(colormaps));
  find(document, "#train-curves", HTMLElement).replaceChildren(drawCurves(run));
}

/** Follow a run, whose id stays in the address. @param {string} id  @param {Run["state"]} state */
function follow(id, state) {
  unfollow();
  run = { id, state, place: null, updates: [] };
  history.replaceState(null, "", `#run=${id}`);
  unfollow = followTraining(id, {
    onStart() {
      run.updates = [];
      kernelList.reset();
    },
    onPlace({ state: now, place }) {
      run.state = now;
      run.place = place;
      schedulePaint();
    },
    onUpdate(update) {
      run.updates.push(update);
      schedulePaint();
    },
    onEnd({ state: end, problem }) {
      run.state = end;
      if (end === "canceled") forgetOwner(id);
      if (problem) showProblem(new Notice(problem, { lasts: true }));
      paint();
    },
  });
  paint();
}

/** Set the sliders to the settings of a run. @param {import("../train/types.js").TrainingRequest} request */
function showRequest(request) {
  const fields = { ...request, learning_rate: Math.log10(request.learning_rate) };
  equal.checked = request.start === "equal";
  for (const slider of sliders) slider.value = String(fields[/** @type {keyof typeof fields} */ (slider.dataset.field)]);
  showChoices();
}

form.addEventListener("input", showChoices);
for (const button of findAll(document, "[data-trial]", HTMLButtonElement)) {
  button.addEventListener("click", () => {
    for (const slider of sliders) slider.value = slider.defaultValue;
    const { equal: isEqual = false, ...fields } = JSON.parse(button.dataset.trial ?? "{}");
    equal.checked = isEqual;
    for (const [field, value] of Object.entries(fields)) {
      find(form, `[data-field="${field}"]`, HTMLInputElement).value = String(value);
    }
    showChoices();
    startButton.focus();
  });
}
form.addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    hideProblem();
    const { id, owner } = await startTraining(chosen());
    rememberOwner(id, owner);
    follow(id, "queued");
  } catch (error) {
    showProblem(error);
  }
});
cancelButton.addEventListener("click", async () => {
  cancelButton.disabled = true;
  try {
    await deleteTraining(run.id, ownerOf(run.id) ?? "");
  } catch (error) {
    showProblem(error);
    paint();
  }
});
document.documentElement.addEventListener("themechange", paint);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);

/** Show the run of the address, with its settings. */
async function openLinked() {
  const id = new URLSearchParams(location.hash.slice(1)).get("run");
  if (!id || id === run.id) return;
  try {
    const { request, state } = await persist(() => getTraining(id), showProblem);
    showRequest(request);
    follow(id, state);
  } catch (error) {
    showProblem(error);
  }
}

showChoices();
paint();
addEventListener("hashchange", openLinked);
openLinked();
