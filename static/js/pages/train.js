// @ts-check
// A visitor's training run: its settings, its progress, and a link to the finished network.
/** @import { PageData } from "../types.js" */
/** @import { Run } from "../train/types.js" */
import { cancelTraining, followTraining, getTraining, startTraining } from "../api/trainings.js";
import { persist } from "../api/reachability.js";
import { find, findAll, setText } from "../dom/find.js";
import { themeColors } from "../draw/color-scale.js";
import { createLegend } from "../network/legend.js";
import { oncePerFrame } from "../shell/pace.js";
import { Notice } from "../shell/failures.js";
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
const startButton = find(document, "#start", HTMLButtonElement);
const cancelButton = find(document, "#cancel", HTMLButtonElement);
const legend = createLegend(find(document, "#train-legend", HTMLElement), "weights");
const kernelList = createKernelList(find(document, "#train-kernels", HTMLElement), legend);

/** @type {Run} */
let run = { state: "none", updates: [] };
const schedulePaint = oncePerFrame(paint);

const empty = find(document, "#train-empty", HTMLElement);

function chosen() {
  return requestOf(Object.fromEntries(sliders.map((slider) => [slider.dataset.field ?? "", slider.valueAsNumber])));
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
  const isRunning = run.state === "running";
  startButton.disabled = isRunning;
  cancelButton.disabled = !isRunning;
  root.dataset.state = run.state;
  find(document, "#explore", HTMLElement).hidden = run.state !== "done";
  setText(find(document, "#train-status", HTMLElement), statusSentence(run));
  const kernels = newestKernels(run);
  empty.hidden = Boolean(kernels);
  kernelList.paint(kernels ?? noKernels(chosen()), themeColors(colormaps));
  find(document, "#train-curves", HTMLElement).replaceChildren(drawCurves(run));
}

function follow() {
  followTraining({
    onStart() {
      run.updates = [];
      kernelList.reset();
    },
    onUpdate(update) {
      run.updates.push(update);
      schedulePaint();
    },
    onEnd({ state, problem }) {
      run.state = state;
      if (problem) showProblem(new Notice(problem, { lasts: true }));
      paint();
    },
  });
}

form.addEventListener("input", showChoices);
for (const button of findAll(document, "[data-trial]", HTMLButtonElement)) {
  button.addEventListener("click", () => {
    for (const slider of sliders) slider.value = slider.defaultValue;
    for (const [field, value] of Object.entries(JSON.parse(button.dataset.trial ?? "{}"))) {
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
    run = { state: (await startTraining(chosen())).state, updates: [] };
    follow();
    paint();
  } catch (error) {
    showProblem(error);
  }
});
cancelButton.addEventListener("click", () => cancelTraining().catch(showProblem));
document.documentElement.addEventListener("themechange", paint);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);

showChoices();
paint();
persist(getTraining, showProblem).then(({ state }) => {
  run.state = state;
  if (state !== "none") follow();
  paint();
}, showProblem);
