// @ts-check
/** @import { Arithmetic, Box, LayerDescription, Neuron, Sources, Tensor, Weights } from "../types.js" */

// One neuron's arithmetic, written out from the maps and kernels that the server sent in single precision.
//
// Sums are taken in double precision, as POST /neuron takes them: a product of two single-precision numbers
// is then exact, and a test holds this module and that operation to the same digits.

/**
 * How a neuron came by its activation.
 * @param {LayerDescription} layer
 * @param {Sources} sources
 * @param {Pick<Neuron, "filter" | "row" | "column">} neuron
 * @param {Box} span  Where its patch lies in the maps that it reads.
 * @returns {Arithmetic}
 */
export function writeOut(layer, sources, neuron, span) {
  const { reads, own, after, weights } = sources;
  const pools = layer.kind === "max_pool2d" || layer.kind === "avg_pool2d";
  const channels = pools ? 1 : reads.shape[0];
  const firstChannel = pools ? neuron.filter : 0;
  const size = span.height * span.width;
  const patch = readPatch(reads, span, firstChannel, channels);
  const stored = own ? at(own, neuron) : null;
  const shape = { channels, rows: span.height, columns: span.width, firstChannel, span };
  if (layer.kind === "avg_pool2d") {
    const mean = patch.reduce((total, value) => total + value, 0) / size;
    return { ...shape, patch, kernel: null, products: null, sums: null, bias: 0, winner: null, computed: mean, stored, after: null };
  }
  if (pools) {
    let winner = 0;
    for (let i = 1; i < size; i += 1) if (patch[i] > patch[winner]) winner = i;
    return { ...shape, patch, kernel: null, products: null, sums: null, bias: 0, winner, computed: patch[winner], stored, after: null };
  }
  if (!weights) throw new Error(`${layer.name} has weights, and none were given`);
  const kernel = kernelOf(weights.kernels, neuron.filter);
  const products = Float64Array.from(patch, (value, i) => value * kernel[i]);
  const sums = new Float64Array(channels);
  products.forEach((product, i) => (sums[Math.floor(i / size)] += product));
  const bias = weights.biases.data[neuron.filter];
  const computed = sums.reduce((total, sum) => total + sum, 0) + bias;
  return { ...shape, patch, kernel, products, sums, bias, winner: null, computed, stored, after: afterOf(after, own, neuron) };
}

/**
 * The intermediate maps of one filter: what each input channel alone adds to the feature map. Together with the
 * bias they are the feature map.
 * @param {LayerDescription} layer
 * @param {Tensor} reads
 * @param {Tensor} kernels
 * @param {number} filter
 * @returns {Tensor} [C, H', W']
 */
export function contributionMaps({ input_shape: [channels, height, width], output_shape: [, rows, columns], stride, padding }, reads, kernels, filter) {
  const [, , tall, wide] = kernels.shape;
  const kernel = kernelOf(kernels, filter);
  const data = new Float32Array(channels * rows * columns);
  const step = stride ?? 1;
  const rim = padding ?? 0;
  for (let channel = 0; channel < channels; channel += 1) {
    for (let row = 0; row < rows; row += 1) {
      for (let column = 0; column < columns; column += 1) {
        let sum = 0;
        for (let i = 0; i < tall; i += 1) {
          const y = row * step - rim + i;
          if (y < 0 || y >= height) continue;
          for (let j = 0; j < wide; j += 1) {
            const x = column * step - rim + j;
            if (x < 0 || x >= width) continue;
            sum += reads.data[(channel * height + y) * width + x] * kernel[(channel * tall + i) * wide + j];
          }
        }
        data[(channel * rows + row) * columns + column] = sum;
      }
    }
  }
  return { shape: [channels, rows, columns], data };
}

/**
 * Input channels by how much they move a neuron, the strongest first.
 * @param {ArrayLike<number>} sums
 * @returns {number[]}
 */
export function strongestFirst(sums) {
  return Array.from(sums, (_, channel) => channel).sort((a, b) => Math.abs(sums[b]) - Math.abs(sums[a]) || a - b);
}

/**
 * What a ReLU makes of maps: a comparison, so nothing is rounded and it need not be asked for.
 * @param {Tensor} tensor
 * @returns {Tensor}
 */
export function rectify({ shape, data }) {
  return { shape, data: data.map((value) => Math.max(0, value)) };
}

/**
 * Now minus held, value by value; both come of the same network.
 * @param {Tensor} now
 * @param {Tensor} held
 * @returns {Tensor}
 */
export function differenceOf(now, held) {
  return { shape: now.shape, data: now.data.map((value, i) => value - held.data[i]) };
}

/**
 * @param {Tensor} tensor  [F, H, W]
 * @param {Pick<Neuron, "filter" | "row" | "column">} neuron
 */
export function at({ shape: [, height, width], data }, { filter, row, column }) {
  return data[(filter * height + row) * width + column];
}

/**
 * @param {Tensor} kernels  [F, C, k, k]
 * @param {number} filter
 */
function kernelOf(kernels, filter) {
  const size = kernels.data.length / kernels.shape[0];
  return kernels.data.subarray(filter * size, (filter + 1) * size);
}

/**
 * @param {Tensor} reads
 * @param {Box} span
 * @param {number} first
 * @param {number} channels
 * @returns {Float32Array} Zeros where the span reaches into padding.
 */
function readPatch({ shape: [, height, width], data }, span, first, channels) {
  const patch = new Float32Array(channels * span.height * span.width);
  for (let channel = 0; channel < channels; channel += 1) {
    for (let i = 0; i < span.height; i += 1) {
      for (let j = 0; j < span.width; j += 1) {
        const [y, x] = [span.top + i, span.left + j];
        if (y < 0 || x < 0 || y >= height || x >= width) continue;
        patch[(channel * span.height + i) * span.width + j] = data[((first + channel) * height + y) * width + x];
      }
    }
  }
  return patch;
}

/**
 * What the layer behind makes of the sum.
 * @param {Sources["after"]} after
 * @param {Tensor | null} own
 * @param {Pick<Neuron, "filter" | "row" | "column">} neuron
 * @returns {Arithmetic["after"]}
 */
function afterOf(after, own, neuron) {
  if (!after || !own) return null;
  if (after.kind === "relu") return { kind: "relu", stored: Math.max(0, at(own, neuron)) };
  const largest = own.data.reduce((a, b) => Math.max(a, b));
  const exponentials = Array.from(own.data, (logit) => Math.exp(logit - largest));
  const sum = exponentials.reduce((a, b) => a + b, 0);
  return { kind: "softmax", exponentials, sum, largest, computed: exponentials[neuron.filter] / sum, stored: at(after.tensor, neuron) };
}
