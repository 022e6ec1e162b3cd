// @ts-check
// The parts that a neuron's δ is added up from, in order and in words. Uses neither elements nor requests.
/** @import { BackwardPass, Plane, Tensor } from "../../types.js" */
import { formatValue } from "../../network/legend.js";
import { className } from "../../network/prediction-bars.js";

/** A neuron that reads another one, and what it contributes. @typedef {{filter: number, row: number, column: number, slope: number, delta: number, part: number}} Part */

/**
 * The parts of largest magnitude, and what the others add up to.
 * @param {BackwardPass["readers"]} readers
 * @param {{slopes: Tensor, deltas: Tensor, parts: Tensor}} tensors  Each [F, h, w].
 * @param {number} count
 * @returns {{strongest: Part[], others: number, rest: number, sum: number}}
 */
export function orderedParts({ first_filter: first, box }, { slopes, deltas, parts }, count) {
  const [, height, width] = parts.shape;
  const all = Array.from(parts.data, (part, at) => ({
    filter: first + Math.floor(at / (height * width)),
    row: box.top + (Math.floor(at / width) % height),
    column: box.left + (at % width),
    slope: slopes.data[at],
    delta: deltas.data[at],
    part,
  }));
  const sorted = all.sort((a, b) => Math.abs(b.part) - Math.abs(a.part));
  const add = (/** @type {Part[]} */ some) => some.reduce((sum, { part }) => sum + part, 0);
  return { strongest: sorted.slice(0, count), others: Math.max(0, sorted.length - count), rest: add(sorted.slice(count)), sum: add(sorted) };
}

/**
 * Where the parts come from.
 * @param {BackwardPass} response
 * @param {number[]} shape  [F, h, w] of the parts.
 * @param {number} slope    Of the first part.
 */
export function describeReaders({ label, neuron: { filter }, readers: { layer, operation } }, [filters, height, width], slope) {
  const count = filters * height * width;
  if (!count) return "No neuron of the next layer reads this value, so its δ is 0.";
  if (operation === "loss") {
    return `The loss is −log of the softmax's probability of ${className(label)}. Its gradient by a logit is the probability of that class`
      + `${filter === label ? ", minus 1 since it is the correct class." : "; 1 would be subtracted if it were the correct class."}`;
  }
  switch (operation) {
    case "weighted_sum":
      return height * width === 1
        ? `${plural(filters, "neuron")} of ${layer} ${filters === 1 ? "reads" : "read"} this value. Each part is the weight by which it is read, times δ of the neuron that reads it.`
        : `${filters} filters of ${layer} read this value at ${height}×${width} positions. Each part is a weight times δ there. The kernels appear flipped: the `
          + "neuron furthest up and to the left reads the value with its kernel's last weight.";
    case "maximum": {
      const windows = `${plural(count, "window")} of ${layer} ${count === 1 ? "holds" : "hold"} this value.`;
      return `${windows} Only the largest value of a window, the winner, gets its δ; the others get 0.`;
    }
    case "mean":
      return `${plural(count, "neuron")} of ${layer} ${count === 1 ? "averages" : "average"} this value with others: each passes back its δ times ${formatValue(slope)}.`;
    case "rectifier":
      return slope ? `The gate of ${layer} is open, since the value is positive: δ passes through it unchanged.` : `The gate of ${layer} is closed, since the value is not positive: no δ passes through it.`;
    case "function":
      return `${layer} applies a function to this value. Its slope here is ${formatValue(slope)}, by which δ is multiplied.`;
    case "copy":
      return `${layer} copies this value: δ passes through it unchanged.`;
  }
}

/** @param {number} count  @param {string} noun */
function plural(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/**
 * @param {BackwardPass} response  With a check.
 */
export function describeDifference({ neuron: { delta }, check }) {
  if (!check) return "";
  const { step, finite_difference: difference, kinks, resolution } = check;
  const scale = Math.max(Math.abs(delta), Math.abs(difference));
  const apart = Math.abs(delta - difference);
  const found = `The value is changed by ±${formatValue(step)}. Finite difference ${formatValue(difference, 6)}; δ ${formatValue(delta, 6)}: `
    + `${apart ? `relative difference ${formatValue(apart / scale, 1)}` : "the same"}.`;
  if (kinks) return `${found} Within the step, the loss has a kink: ${kinks === 1 ? "1 ReLU gate or pooling winner changes" : `${kinks} ReLU gates or pooling winners change`}. The finite difference is the mean of the slopes on both sides; δ is that of one side.`;
  return apart > resolution || scale < resolution ? `${found}${scale < resolution ? " Both are smaller than the rounding of the loss allows to compare; choose another correct class." : ""}` : `${found} That is within rounding.`;
}

/**
 * One plane for a map; of maps of one neuron each, one plane for all of them.
 * @param {Tensor} deltas  [F, H, W].
 * @param {number} filter
 * @returns {{plane: Plane, isGrid: boolean}}
 */
export function planeOfMap({ shape: [filters, height, width], data }, filter) {
  if (height * width > 1) return { plane: { width, height, data: data.subarray(filter * height * width, (filter + 1) * height * width) }, isGrid: false };
  const columns = Math.ceil(Math.sqrt(filters));
  const filled = new Float32Array(columns * Math.ceil(filters / columns));
  filled.set(data);
  return { plane: { width: columns, height: filled.length / columns, data: filled }, isGrid: true };
}

/**
 * The neuron in a cell of that plane.
 * @param {Tensor} deltas
 * @param {number} filter
 * @param {{row: number, column: number}} cell
 */
export function neuronAt({ shape: [filters, height, width] }, filter, { row, column }) {
  if (height * width > 1) return { filter, row, column };
  return { filter: Math.min(filters - 1, row * Math.ceil(Math.sqrt(filters)) + column), row: 0, column: 0 };
}
