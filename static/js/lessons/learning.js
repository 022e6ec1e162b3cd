// @ts-check
// The lesson "How a network learns": predictions before and during training, loss, gradient, and one step.
/** @import { Digit, ModelDescription, Plane } from "../types.js" */
/** @import { LessonFigure, Measure } from "./lesson.js" */
import { requestPrediction } from "../api/activations.js";
import { postGradientDescent, postGradients } from "../api/experiments.js";
import { getHistory } from "../api/history.js";
import { requestKernels } from "../api/kernels.js";
import { largestAbsolute } from "../draw/largest.js";
import { positionOf } from "../draw/plane.js";
import { kernelOf } from "../experiments/feature-comparison/features.js";
import { labelToRequest } from "../experiments/gradients/correct-class.js";
import { describeClass } from "../experiments/perturb-pixel/changes.js";
import { commonPower } from "../network/common-power.js";
import { formatValue } from "../network/legend.js";
import { planeOf } from "../network/selectors.js";
import { formatCount } from "./lesson.js";

const LEARNED = 0.9; // The middle step is the first one with this test accuracy.
const RATE_EXPONENT = -2;

/** @type {Measure} */
export async function measure(digit, { convolution: { id, model } }) {
  const { checkpoints } = await getHistory(id);
  const [begin, last] = [checkpoints[0], checkpoints[checkpoints.length - 1]];
  const middle = checkpoints.find(({ test_accuracy: accuracy }) => accuracy >= LEARNED) ?? last;
  const [first, before, during, finished] = await Promise.all([
    gradientOf(id, digit, model),
    ...[begin, middle].map(({ step }) => requestPrediction(model, digit, { checkpoint: step })),
    requestPrediction(model, digit, { dtype: "float32" }),
  ]);
  const { label, loss, layer, filter, weight, gradient, power, cells } = first;
  const rate = 10 ** RATE_EXPONENT;
  const [descended, ...kernels] = await Promise.all([
    postGradientDescent(id, digit, label, rate, 1),
    ...[begin.step, null].map((checkpoint) => requestKernels(id, layer, { dtype: "float32", checkpoint })),
  ]);
  const [untrained, trained] = kernels.map(({ kernels: each }) => kernelOf(each, filter));
  return {
    values: {
      untrained: describeClass(before.prediction),
      untrained_accuracy: formatAccuracy(begin.test_accuracy),
      middle: describeClass(during.prediction),
      middle_accuracy: formatAccuracy(middle.test_accuracy),
      middle_step: formatCount(middle.step),
      last_step: formatCount(last.step),
      filter: String(filter),
      label: model.classes[label],
      probability: formatValue(finished.tensors.probabilities.data[label], 4),
      loss: `${formatValue(loss)} nats`,
      contributions: formatCount(cells),
      weight_row: String(weight.row),
      weight_column: String(weight.column),
      gradient,
      gradient_power: power,
      direction: gradient.startsWith("−") ? "grow" : "shrink",
      rate: formatValue(rate),
      loss_after: `${formatValue(descended.response.losses[1])} nats`,
    },
    links: {
      before: `t=${begin.step}`,
      middle: `t=${middle.step}`,
      loss: `f=${filter}&x=${weight.row}.${weight.column}`,
      step: `f=${filter}&r=${RATE_EXPONENT}`,
      train: "",
    },
    figures: {
      digit: { plane: planeOf(finished.tensors.input), scale: "ink", range: 1, caption: "the digit" },
      kernel_before: kernelFigure(untrained, `kernel ${filter} before training`),
      kernel_after: kernelFigure(trained, `kernel ${filter} after training`),
    },
  };
}

/**
 * The largest gradient of a weight of the first layer.
 * @param {string} id
 * @param {Digit} digit
 * @param {ModelDescription} model
 */
async function gradientOf(id, digit, model) {
  const label = labelToRequest(digit, null, model.classes.length);
  const { response, tensors } = await postGradients([id], digit, label, { weights: true });
  const { loss, layers: [{ name, shape: [, height, width] }] } = response.models[0];
  const { shape: [, , rows, columns], data } = tensors[`${id}/${name}/weight`];
  const sizes = data.map(Math.abs);
  const largest = sizes.indexOf(Math.max(...sizes));
  const filter = Math.floor(largest / (rows * columns));
  const { times, textOf } = commonPower(sizes[largest]);
  return {
    label: response.label, loss, layer: name, filter, weight: positionOf(largest % (rows * columns), columns),
    gradient: textOf(data[largest]), power: times, cells: height * width,
  };
}

/** @param {number} share */
function formatAccuracy(share) {
  return `${(100 * share).toFixed(2)}%`;
}

/** @param {Plane} plane  @param {string} caption  @returns {LessonFigure} */
function kernelFigure(plane, caption) {
  return { plane, scale: "diverging", range: largestAbsolute(plane.data) || 1, caption };
}
