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

/** The newest kernels of a run. @param {Run} run */
export function newestKernels({ updates }) {
  return updates.findLast((update) => update.kernels)?.kernels;
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

/** The state of a run in words. @param {Run} run */
export function statusSentence({ state, place, updates }) {
  if (state === "none") return "No network trained yet.";
  if (state === "canceled") return "Canceled and deleted.";
  if (state === "failed") return "The training failed; the reason is shown below.";
  if (state === "queued") return place ? `Waiting: number ${place} in the queue.` : "Waiting for its turn.";
  const source = updates.find((update) => update.held_out);
  const digits = source && `${count(source.digits ?? 0)} MNIST training digits`;
  if (state === "running") {
    const { step, steps } = updates.findLast((update) => update.step !== undefined) ?? {};
    return step === undefined ? "Preparing the digits…" : `Step ${step} of ${steps}, on ${digits}.`;
  }
  const end = updates.findLast((update) => update.validation_accuracy !== undefined);
  const accuracy = (100 * (end?.validation_accuracy ?? 0)).toFixed(1);
  return `Trained in ${end?.seconds} s on ${digits}. It classifies ${accuracy}% of ${count(source?.held_out ?? 0)} other digits correctly.`;
}

/** @param {number} value */
function count(value) {
  return value.toLocaleString("en");
}
