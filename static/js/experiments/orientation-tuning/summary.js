// @ts-check
// Sentences about measured tuning curves, and the kernels beside them.
/** @import { Plane, Tensor, Tuning, TuningGroup } from "../../types.js" */

export const MOST_CARDS = 16;

/**
 * The filters to show: all of them, or of many those with the largest activations, the largest first.
 * @param {Tuning[]} filters
 * @returns {number[]} Their numbers.
 */
export function chooseFilters(filters) {
  if (filters.length <= MOST_CARDS) return filters.map(({ filter }) => filter);
  /** @param {Tuning} tuning */
  const largest = ({ activations }) => Math.max(...activations);
  return [...filters].sort((a, b) => largest(b) - largest(a)).slice(0, MOST_CARDS).map(({ filter }) => filter);
}

/** How many filters have each verdict. @param {Tuning[]} filters */
export function countVerdicts(filters) {
  /** @param {Tuning["verdict"]} verdict */
  const count = (verdict) => filters.filter((tuning) => tuning.verdict === verdict).length;
  return { selective: count("selective"), notSelective: count("not selective"), inactive: count("inactive") };
}

/**
 * The weights of each chosen filter. Ink is the same in every input channel, so channels are added up.
 * @param {Tensor} kernels  [F, C, kH, kW]; with unshared weights, [F, H, W, C, kH, kW], of which the middle is shown.
 * @param {TuningGroup} group
 * @param {number[]} filters
 * @returns {Plane[]}
 */
export function kernelPlanes({ shape, data }, group, filters) {
  const [channels, height, width] = shape.slice(-3);
  const [rows, columns] = group.is_shared ? [1, 1] : shape.slice(1, 3);
  const size = channels * height * width;
  const middle = Math.floor(rows / 2) * columns + Math.floor(columns / 2);
  return filters.map((filter) => {
    const begin = (filter * rows * columns + middle) * size;
    const sum = new Float32Array(height * width);
    for (let i = 0; i < size; i += 1) sum[i % sum.length] += data[begin + i];
    return { width, height, data: sum };
  });
}
