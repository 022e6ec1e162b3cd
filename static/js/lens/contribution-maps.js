// @ts-check
// The contribution of each input channel to a neuron and to a whole feature map. Uses neither the server nor elements.
/** @import { LayerDescription, Plane, Sources, Tensor } from "../types.js" */
import { planesOf } from "../network/selectors.js";
import { isUnshared, kernelOf } from "./arithmetic.js";

/**
 * The contribution of each input channel of its group to the feature map of one filter. With the bias they add up to the feature map.
 * @param {LayerDescription} layer
 * @param {Tensor} reads
 * @param {Tensor} kernels  [F, C, kH, kW], or [F, H', W', C, kH, kW] for unshared weights.
 * @param {number} filter
 * @returns {Tensor} [C, H', W']
 */
export function contributionMaps(layer, reads, kernels, filter) {
  const { input_shape: [maps, height, width], output_shape: [filters, rows, columns], stride, padding, groups } = layer;
  const channels = maps / groups;
  const begin = Math.floor((filter * groups) / filters) * channels;
  const [tall, wide] = kernels.shape.slice(-2);
  const unshared = isUnshared(kernels);
  let kernel = kernelOf(kernels, { filter, row: 0, column: 0 });
  const data = new Float32Array(channels * rows * columns);
  const [down, right] = stride ?? [1, 1];
  const [above, before] = padding ?? [0, 0];
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      if (unshared) kernel = kernelOf(kernels, { filter, row, column });
      for (let channel = 0; channel < channels; channel += 1) {
        let sum = 0;
        for (let i = 0; i < tall; i += 1) {
          const y = row * down - above + i;
          if (y < 0 || y >= height) continue;
          for (let j = 0; j < wide; j += 1) {
            const x = column * right - before + j;
            if (x < 0 || x >= width) continue;
            sum += reads.data[((begin + channel) * height + y) * width + x] * kernel[(channel * tall + i) * wide + j];
          }
        }
        data[(channel * rows + row) * columns + column] = sum;
      }
    }
  }
  return { shape: [channels, rows, columns], data };
}

/**
 * Input channels by the absolute value of their contribution to a neuron, the strongest first.
 * @param {ArrayLike<number>} sums
 * @returns {number[]}
 */
export function strongestFirst(sums) {
  return Array.from(sums, (_, channel) => channel).sort((a, b) => Math.abs(sums[b]) - Math.abs(sums[a]) || a - b);
}

/** The contribution maps of a filter, kept until the digit, the kernels or the filter change. */
export function createContributionMaps() {
  /** @type {{reads: Tensor, kernels: Tensor, filter: number, layer: LayerDescription, maps: Plane[]} | null} */
  let latest = null;

  /**
   * The contribution of each input channel to a filter's map, at all positions. None for a layer with a single input channel.
   * @param {LayerDescription} layer
   * @param {Sources} sources
   * @param {number} filter
   * @returns {Plane[]}
   */
  return (layer, { reads, weights }, filter) => {
    if (!weights || reads.shape[0] === layer.groups) return [];
    const { kernels } = weights;
    if (latest?.reads.data !== reads.data || latest.kernels !== kernels || latest.filter !== filter || latest.layer !== layer) {
      latest = { reads, kernels, filter, layer, maps: planesOf(contributionMaps(layer, reads, kernels, filter)) };
    }
    return latest.maps;
  };
}
