// @ts-check
// The changes caused by one pixel, as planes and in words. Uses neither elements nor requests.
/** @import { LayerChange, PerturbPixelResponse, Plane, Prediction, Tensor } from "../../types.js" */
import { formatValue } from "../../network/legend.js";
import { percent } from "../../network/prediction-bars.js";

/** The tint of the smallest change, so that every changed neuron can be seen. */
const FAINTEST = 0.16;

/** Neurons of 1×1 maps from which their grid is five cells wide for four high. */
const MANY = 100;

/**
 * The cells that show a layer's neurons. Neurons of 1×1 maps have no position in the image: they fill a grid, row by row.
 * @param {[number, number, number]} shape
 */
export function gridOf([filters, height, width]) {
  if (height * width > 1) return { width, height };
  const columns = filters >= MANY ? Math.ceil(Math.sqrt(1.25 * filters)) : Math.ceil(filters / 2);
  return { width: columns, height: Math.ceil(filters / columns) };
}

/**
 * The largest change at each position, over all maps; of 1×1 maps, each neuron's own.
 * @param {Tensor} tensor  |Δ| as [F, H, W]
 * @returns {Plane}
 */
export function largestChanges({ shape, data }) {
  const [filters, height, width] = shape;
  const grid = gridOf([filters, height, width]);
  const size = height * width;
  if (size === 1) {
    const cells = new Float32Array(grid.width * grid.height);
    cells.set(data);
    return { ...grid, data: cells };
  }
  const largest = Float32Array.from(data.subarray(0, size));
  for (let i = size; i < data.length; i += 1) largest[i % size] = Math.max(largest[i % size], data[i]);
  return { ...grid, data: largest };
}

/**
 * The same plane with small changes raised to the faintest visible tint; 0 stays 0.
 * @param {Plane} plane  0 or more.
 * @param {number} range
 * @returns {Plane}
 */
export function visibleChanges({ width, height, data }, range) {
  return { width, height, data: data.map((change) => (change === 0 ? 0 : Math.max(change, FAINTEST * range))) };
}

/**
 * The darkest pixel; on a blank pad the one in the middle.
 * @param {Plane} input
 */
export function darkestPixel({ data, width }) {
  let at = (width >> 1) * width + (width >> 1);
  data.forEach((ink, i) => {
    if (ink > data[at]) at = i;
  });
  return { row: Math.floor(at / width), column: at % width };
}

/**
 * The input with the changed pixel.
 * @param {Tensor} input  [H, W]
 * @param {PerturbPixelResponse["pixel"]} pixel
 * @returns {Plane}
 */
export function perturbedInput({ shape: [height, width], data }, { row, column, after }) {
  const changed = Float32Array.from(data);
  changed[row * width + column] = after;
  return { width, height, data: changed };
}

/**
 * How a layer's changes are distributed over its maps, in few words.
 * @param {LayerChange} change
 */
export function describeShare({ shape: [filters], changed, changed_per_filter: counts, neurons, reachable }) {
  if (changed === neurons) return "every neuron";
  if (changed < reachable) return `of ${reachable.toLocaleString("en")} that see it`;
  return counts.every((count) => count === counts[0]) ? `${counts[0]} in each of ${filters}` : "";
}

/**
 * The changes of a model's first layers and of its prediction; numbers are to be set in bold.
 * @param {PerturbPixelResponse["models"][number]} model
 * @returns {(string | number)[]}
 */
export function summarize({ before, after, layers: [first, rectified] }) {
  const [filters, height, width] = first.shape;
  const spread = height * width === 1
    ? [first.changed, ` of ${first.neurons} neurons of ${first.name} changed`]
    : [first.changed_per_filter[0], ` of ${height * width} neurons changed in each of ${filters} maps of ${first.name}: `, first.changed];
  return [...spread, ", after the ReLU ", rectified.changed, `. ${describePredictions(before, after)}`];
}

/**
 * The same for screen readers, of all models.
 * @param {PerturbPixelResponse} response
 * @param {(id: string) => string} nameOf
 */
export function describeChanges({ pixel: { row, column, before, after }, models }, nameOf) {
  const counts = models.map(({ id, layers: [first] }) => `${nameOf(id)}: ${first.changed} of ${first.neurons} in ${first.name}`);
  return `Row ${row}, column ${column}, from ${formatValue(before, 2)} to ${formatValue(after, 2)}. Changed neurons: ${counts.join("; ")}.`;
}

/**
 * @param {Prediction | null} before
 * @param {Prediction | null} after
 */
function describePredictions(before, after) {
  if (!after) return "";
  const [old, now] = [before, after].map(describeClass);
  return old === now ? `Predicts ${old}, as before.` : `Predicts ${now}, before ${old}.`;
}

/** The predicted class and its probability. @param {Prediction | null} prediction */
export function describeClass(prediction) {
  return prediction ? `${prediction.digit} (${percent(prediction.probability)})` : "nothing";
}
