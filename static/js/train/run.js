// @ts-check
// Numbers and sentences from the reports of a training run.
/** @import { Run, TrainingRequest } from "./types.js" */

const IMAGE = 28; // Rows and columns of a digit.
const CLASSES = 10;

/**
 * The training request of the sliders; the slider of the learning rate is logarithmic.
 * @param {Record<string, number>} fields  The value of each slider, by the field's name.
 * @param {boolean} isEqual  Whether all kernels are equal at the start.
 * @returns {TrainingRequest}
 */
export function requestOf(fields, isEqual) {
  const request = { ...fields, start: isEqual ? "equal" : "random", learning_rate: Number((10 ** fields.learning_rate).toPrecision(2)) };
  return /** @type {TrainingRequest} */ (request);
}

/**
 * How many weights and products the chosen network has.
 * @param {{kernel_size: number, filters: number}} request
 */
export function costSentence({ kernel_size: size, filters }) {
  const weights = filters * (size * size + 1);
  const products = IMAGE * IMAGE * filters * size * size;
  const behind = filters * (IMAGE / 2) ** 2 * CLASSES + CLASSES;
  return `Convolution: ${count(weights)} weights and biases, ${count(products)} products for each digit. Fully connected layer: ${count(behind)} weights and biases.`;
}

/**
 * What the runs' settings differ in.
 * @param {TrainingRequest} a
 * @param {TrainingRequest} b
 */
export function differenceSentence(a, b) {
  const differences = Object.entries(settingsOf(a)).flatMap(([name, text]) => {
    const other = settingsOf(b)[name];
    return text === other ? [] : `${name} (A: ${text}, B: ${other})`;
  });
  if (!differences.length) return "A and B have the same settings and begin with the same random weights, so they take the same steps.";
  const only = differences.length === 1 ? " only" : "";
  return `A and B differ${only} in ${differences.join("; ")}.`;
}

/** @param {TrainingRequest} request  @returns {Record<string, string>} */
function settingsOf({ kernel_size: size, filters, learning_rate: rate, digits, epochs, start }) {
  return {
    "kernel size": `${size}×${size}`,
    filters: String(filters),
    "max learning rate": String(rate),
    digits: count(digits),
    passes: String(epochs),
    start: start === "equal" ? "all kernels equal" : "random",
  };
}

/** The newest kernels of a run. @param {Run} run */
export function newestKernels({ updates }) {
  return updates.findLast((update) => update.kernels)?.kernels;
}

/**
 * The dead filters of the newest report, and on how many held-out digits they were measured.
 * @param {Run} run
 */
export function deadFilters({ updates }) {
  const { dead = [], validation_accuracy: accuracy } = updates.findLast((update) => update.dead) ?? {};
  const heldOut = updates.find((update) => update.held_out)?.held_out ?? 0;
  return { dead, digits: accuracy === undefined ? Math.min(MEASURED, heldOut) : heldOut };
}

const MEASURED = 100; // Held-out digits, while a training runs.

/** @param {Run} run */
export function deadSentence(run) {
  const { dead, digits } = deadFilters(run);
  if (!dead.length) return "";
  const [names, maps] = dead.length === 1 ? [`Filter ${dead[0]} is`, "its map is"] : [`Filters ${dead.slice(0, -1).join(", ")} and ${dead.at(-1)} are`, "their maps are"];
  return `${names} dead: after the ReLU, ${maps} zero everywhere, on each of ${count(digits)} ${run.classes ? "drawings" : "digits"} that are not used for training.`;
}

/** Kernels before the first report: all weights zero. @param {{kernel_size: number, filters: number}} request */
export function noKernels({ kernel_size: size, filters }) {
  return Array.from({ length: filters }, () => Array.from({ length: size }, () => Array(size).fill(0)));
}

/** The points of the curves. @param {Run} run */
export function curveOf({ updates }) {
  const points = updates.flatMap(({ step, loss, accuracy }) =>
    step !== undefined && loss !== undefined && accuracy !== undefined ? [{ step, loss, accuracy }] : []);
  return { points, steps: updates.findLast((update) => update.steps)?.steps ?? 1 };
}

/** Whether it waits or trains. @param {Run | null} run */
export function isActive(run) {
  return run?.state === "queued" || run?.state === "running";
}

/** How much of a run is done, 0–1; null if it has not begun. @param {Run} run */
export function progressOf({ state, updates }) {
  if (state === "done") return 1;
  const { step, steps } = updates.findLast((update) => update.step !== undefined) ?? {};
  return step === undefined || !steps ? null : step / steps;
}

/** The state of a run in words; null: there is none. @param {Run | null} run */
export function statusSentence(run) {
  if (!run) return "No network trained yet.";
  const { state, place, updates, isLost } = run;
  if (state === "canceled") return "Canceled and deleted.";
  if (state === "failed") return "The training failed; the reason is shown below.";
  if (isLost) return "The connection to the server is lost; this page keeps trying.";
  if (state === "queued") return place ? `Waiting: number ${place} in the queue.` : "Waiting for its turn.";
  const source = updates.find((update) => update.held_out);
  const digits = source && `${count(source.digits ?? 0)} ${run.classes ? "images made from the drawings" : "MNIST training digits"}`;
  if (state === "running") {
    const { step, steps } = updates.findLast((update) => update.step !== undefined) ?? {};
    return step === undefined ? `Preparing the ${run.classes ? "images" : "digits"}…` : `Step ${step} of ${steps}, on ${digits}.`;
  }
  const end = updates.findLast((update) => update.validation_accuracy !== undefined);
  if (run.classes) {
    const heldOut = source?.held_out ?? 0;
    const correct = Math.round((end?.validation_accuracy ?? 0) * heldOut);
    return `Trained in ${end?.seconds} s on ${digits}. It classifies ${correct} of ${heldOut} drawings correctly that were kept aside.`;
  }
  return `Trained in ${end?.seconds} s on ${digits}. It classifies ${percentOf(run)} of ${count(source?.held_out ?? 0)} other digits correctly.`;
}

/** The state of one of two runs, in few words. @param {Run} run */
export function shortStatus(run) {
  return run.state === "done" ? `${percentOf(run)} of other digits correct.` : statusSentence(run).replace(/^(Step \d+ of \d+).*/, "$1.");
}

/** The accuracy on held-out digits. @param {Run} run */
function percentOf({ updates }) {
  return `${(100 * (updates.findLast((update) => update.validation_accuracy !== undefined)?.validation_accuracy ?? 0)).toFixed(1)}%`;
}

/** The id of a run in a link to it, or an id; null if there is none. @param {string} text */
export function runIdIn(text) {
  return /\bv[0-9a-f]{7}-[a-z2-7]{26}\b/.exec(text)?.[0] ?? null;
}

/** @param {number} value */
function count(value) {
  return value.toLocaleString("en");
}
