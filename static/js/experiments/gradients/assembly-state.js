// @ts-check
// Which map, neuron and weight are chosen, and how many contributions are added up. Knows no page.
/** @import { Pair, Plane, Tensor } from "../../types.js" */
/** @import { KernelWindow } from "./contributions.js" */
import { stepWithin } from "../../dom/grid-keys.js";
import { planesOf } from "../../network/selectors.js";
import { indexOfLargest } from "./contributions.js";

export const SECONDS = 6; // To add up a whole map.

/**
 * One digit's gradients at a convolution.
 * @typedef {object} Gradients
 * @property {Plane[]} inputs        What the first channel of each kernel reads.
 * @property {number | null} range   The largest absolute value that its colors show; null for the ink of a digit.
 * @property {Plane[]} deltas        δ of each map.
 * @property {Float32Array[]} kernels  The gradient of each kernel by backpropagation; of the first channel.
 * @property {KernelWindow} window
 */

/**
 * @typedef {object} AssemblyState
 * @property {number} filter
 * @property {boolean} isChosen      Whether the visitor chose the map; if not, it is the one with the largest δ.
 * @property {number} neuron         Index in the map of the neuron whose contribution is shown.
 * @property {number} added          How many contributions are added up.
 * @property {Pair} weight           Row and column in the kernel.
 */

/** @type {AssemblyState} */
export const OPENING = { filter: 0, isChosen: false, neuron: 0, added: 0, weight: [0, 0] };

/**
 * @param {{maps: Tensor, range: number | null}} reads  [C, H, W]
 * @param {Tensor} delta   [F, H, W]
 * @param {Tensor} weight  [F, C, kH, kW]; in groups, C is what one group reads.
 * @param {KernelWindow} window
 * @returns {Gradients}
 */
export function gradientsOf({ maps, range }, delta, weight, window) {
  const [filters, channels] = weight.shape;
  const count = window.size[0] * window.size[1];
  const kernels = Array.from({ length: filters }, (_, filter) => weight.data.subarray(filter * channels * count, filter * channels * count + count));
  const planes = planesOf(maps);
  const groups = planes.length / channels;
  const inputs = kernels.map((_, filter) => planes[Math.floor((filter * groups) / filters) * channels]);
  return { inputs, range, deltas: planesOf(delta), kernels, window };
}

/**
 * Another digit or class: until the visitor chooses a map, the one with the largest δ.
 * @param {AssemblyState} state
 * @param {Gradients} gradients
 * @returns {AssemblyState}
 */
export function withGradients(state, { deltas }) {
  const peaks = deltas.map(({ data }) => data[indexOfLargest(data)]);
  return atFilter(state, deltas, state.isChosen ? state.filter : indexOfLargest(peaks));
}

/** @param {AssemblyState} state  @param {Gradients} gradients  @param {number} filter  @returns {AssemblyState} */
export function chooseFilter(state, { deltas }, filter) {
  return { ...atFilter(state, deltas, filter), isChosen: true };
}

/**
 * @param {AssemblyState} state
 * @param {Plane[]} deltas
 * @param {number} filter
 * @returns {AssemblyState}
 */
function atFilter(state, deltas, filter) {
  const { data } = deltas[filter];
  return { ...state, filter, neuron: indexOfLargest(data), added: data.length };
}

/** The neuron one step further. @param {AssemblyState} state  @param {Gradients} gradients  @param {Pair} step  @returns {AssemblyState} */
export function moveNeuron(state, { deltas }, step) {
  const { width, height } = deltas[state.filter];
  const from = { row: Math.floor(state.neuron / width), column: state.neuron % width };
  const { row, column } = stepWithin(from, step, [height, width]);
  return { ...state, neuron: row * width + column };
}

/** The weight one step further. @param {AssemblyState} state  @param {Gradients} gradients  @param {Pair} step  @returns {AssemblyState} */
export function moveWeight(state, { window }, step) {
  const { row, column } = stepWithin({ row: state.weight[0], column: state.weight[1] }, step, window.size);
  return { ...state, weight: [row, column] };
}

/**
 * Add up the contributions of the first neurons; the last one of them is shown.
 * @param {AssemblyState} state
 * @param {Gradients} gradients
 * @param {number} count
 * @returns {AssemblyState}
 */
export function addUp(state, { deltas }, count) {
  const added = Math.min(deltas[state.filter].data.length, Math.floor(count));
  return { ...state, added, neuron: Math.max(0, added - 1) };
}
