// @ts-check
// What is shown of steps of gradient descent. Knows no page.
/** @import { GradientDescent, Plane, Prediction, Tensor } from "../../types.js" */
import { largestAbsolute } from "../../draw/largest.js";
import { formatValue } from "../../network/legend.js";
import { className, percent } from "../../network/prediction-bars.js";
import { planesOf } from "../../network/selectors.js";

const MOST_FILTERS = 16;

/** @typedef {{before: Plane[], after: Plane[], difference: Plane[]}} Phases */

/**
 * The kernels of each filter, before and after. Of several channels the first; of unshared weights those of the middle position.
 * @param {Tensor} kernels  [2, F, C, kH, kW] or [2, F, H, W, C, kH, kW]
 * @returns {Phases}
 */
export function kernelPhases({ shape, data }) {
  const [, filters] = shape;
  const [channels, height, width] = shape.slice(-3);
  const [rows, columns] = shape.length > 5 ? shape.slice(2, 4) : [1, 1];
  const kernel = channels * height * width;
  const middle = (Math.floor(rows / 2) * columns + Math.floor(columns / 2)) * kernel;
  const planes = Array.from({ length: 2 * filters }, (_, i) => {
    const begin = i * rows * columns * kernel + middle;
    return { width, height, data: data.subarray(begin, begin + height * width) };
  });
  return phasesOf(planes);
}

/** @param {Tensor} maps  [2, F, H, W]  @returns {Phases} */
export function mapPhases({ shape: [, filters, ...extent], data }) {
  return phasesOf(planesOf({ shape: [2 * filters, ...extent], data }));
}

/** @param {Plane[]} planes  Before, then after.  @returns {Phases} */
function phasesOf(planes) {
  const [before, after] = [planes.slice(0, planes.length / 2), planes.slice(planes.length / 2)];
  const difference = after.map((plane, filter) => ({ ...plane, data: plane.data.map((value, i) => value - before[filter].data[i]) }));
  return { before, after, difference };
}

/**
 * The filters to show: all of them, or of many those whose kernels change most, in their order.
 * @param {Phases} kernels
 * @returns {number[]}
 */
export function chooseFilters({ difference }) {
  const filters = difference.map((_, filter) => filter);
  if (filters.length <= MOST_FILTERS) return filters;
  const changes = difference.map(({ data }) => largestAbsolute(data));
  return filters.sort((a, b) => changes[b] - changes[a]).slice(0, MOST_FILTERS).sort((a, b) => a - b);
}

/**
 * @param {GradientDescent} descent
 * @returns {string}
 */
export function describeDescent({ losses: [before, after], steps_taken: steps, learning_rate: rate, predictions, diverged }) {
  const [first, last] = predictions.map(describePrediction);
  const change = first && last ? `, prediction ${first} → ${last}` : "";
  const sentence = `${steps} ${steps === 1 ? "step" : "steps"} at learning rate ${formatValue(rate)}: loss ${formatValue(before)} → ${formatValue(after)} nats${change}.`;
  if (diverged) return `${sentence} The next step would make numbers infinite: the learning rate is too large.`;
  return after > before ? `${sentence} The loss rose: the learning rate is too large.` : sentence;
}

/** @param {Prediction | null} prediction */
function describePrediction(prediction) {
  return prediction && `${className(prediction.digit)} (${percent(prediction.probability)})`;
}
