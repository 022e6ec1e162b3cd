// @ts-check
// The digit and its maps, translated by whole cells, and sentences about them. Uses neither elements nor requests.
/** @import { LayerTranslation, Pair, Plane, Prediction, Tensor, TranslationResponse } from "../../types.js" */
import { formatValue } from "../../network/legend.js";
import { percent } from "../../network/prediction-bars.js";

/** Pixels: half the frame, as far as the service translates. */
export const MAX_OFFSET = 14;

/** @typedef {{down: number, right: number}} Offset */

/**
 * The nearest offset that the service accepts.
 * @param {Offset} offset
 * @returns {Offset}
 */
export function limited({ down, right }) {
  return { down: within(down), right: within(right) };
}

/** An offset as the field of a link, which holds no negative numbers. @param {Offset} offset */
export function fieldOf({ down, right }) {
  return `${down + MAX_OFFSET}.${right + MAX_OFFSET}`;
}

/**
 * The same plane translated by whole cells; zeros come in.
 * @param {Plane} plane
 * @param {Offset} offset
 * @returns {Plane}
 */
export function translated({ width, height, data }, { down, right }) {
  const result = new Float32Array(data.length);
  for (let row = Math.max(0, down); row < Math.min(height, height + down); row += 1) {
    for (let column = Math.max(0, right); column < Math.min(width, width + right); column += 1) {
      result[row * width + column] = data[(row - down) * width + column - right];
    }
  }
  return { width, height, data: result };
}

/**
 * One map of a layer.
 * @param {Tensor} tensor  [F, H, W]
 * @param {number} filter
 * @returns {Plane}
 */
export function mapOf({ shape: [, height, width], data }, filter) {
  return { width, height, data: data.subarray(filter * width * height, (filter + 1) * width * height) };
}

/** The filter with the largest activation. @param {Tensor} tensor */
export function strongestFilter({ shape: [filters], data }) {
  let at = 0;
  for (let i = 1; i < data.length; i += 1) if (data[i] > data[at]) at = i;
  return Math.floor(at / (data.length / filters));
}

/**
 * Why a layer's maps moved along, or did not.
 * @param {LayerTranslation} layer
 * @param {Pair} jump
 * @param {Offset} offset
 */
export function reasonOf({ kind, exact, residual }, jump, { down, right }) {
  if (!down && !right) return "The digit is not translated.";
  if (residual === null) return "No neuron sees image pixels only, before and after: its receptive field is too large.";
  if (!exact) {
    const [pixels, step] = [[right, jump[1]], [down, jump[0]]].find(([by, cell]) => by % cell) ?? [0, 1];
    return `${plural(Math.abs(pixels), "pixel")} ${Math.abs(pixels) === 1 ? "is" : "are"} ${formatValue(Math.abs(pixels) / step, 3)} of its cells: the map cannot move by a part of a cell.`;
  }
  const step = down ? jump[0] : jump[1];
  if (residual === 0) return step <= 1 ? "It moved along exactly." : `It moved along exactly: a multiple of ${step} pixels.`;
  return kind === "locally_connected2d"
    ? "Every position has weights of its own, so the same stroke has other activations elsewhere."
    : "It did not move along.";
}

/** @param {Offset} offset */
export function describeOffset({ down, right }) {
  const parts = [];
  if (right) parts.push(`${Math.abs(right)} ${right > 0 ? "right" : "left"}`);
  if (down) parts.push(`${Math.abs(down)} ${down > 0 ? "down" : "up"}`);
  return parts.length ? `Moved ${parts.join(", ")}` : "Not moved";
}

/**
 * The result for screen readers: two layers of the convolutional network, and every prediction.
 * @param {TranslationResponse} response
 * @param {{model: string, layers: string[]}} reported  Which layers are reported.
 * @param {(id: string) => string} nameOf
 */
export function describeTranslation({ translation, models }, { model, layers }, nameOf) {
  const found = models.find(({ id }) => id === model)?.layers.filter(({ name }) => layers.includes(name)) ?? [];
  const residuals = found.map(({ name, residual }) => `${name} ${residual === null ? "cannot be compared" : `differs by ${formatValue(residual, 2)}`}`);
  const predictions = models.map(({ id, after }) => `${nameOf(id)} predicts ${describePrediction(after)}`);
  return `${describeOffset(translation)}. ${residuals.join(", ")}. ${predictions.join(", ")}.`;
}

/** @param {Prediction | null} prediction */
function describePrediction(prediction) {
  return prediction ? `${prediction.digit}, ${percent(prediction.probability)}` : "nothing";
}

/**
 * @param {number} count
 * @param {string} noun
 */
function plural(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** @param {number} pixels */
function within(pixels) {
  return Math.max(-MAX_OFFSET, Math.min(MAX_OFFSET, pixels));
}
