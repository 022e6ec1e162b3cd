// @ts-check
// The arrays from which a neuron's arithmetic is computed. Uses neither the server nor elements.
/** @import { LayerDescription, Sources, Tensor, TrainingView, Weights } from "../types.js" */
/** @import { Section } from "../network/selectors.js" */

/**
 * Select a section's sources from tensors by layer name.
 * @param {Section} section
 * @param {LayerDescription | undefined} before  The layer that it reads; undefined if it reads the input.
 * @param {Record<string, Tensor>} tensors  Also `input` [H, W] and `probabilities` [classes].
 * @param {Weights | null} weights
 * @returns {Sources}
 */
export function sourcesFrom({ layer, after }, before, tensors, weights) {
  return {
    reads: before ? tensors[before.name] : inputOf(tensors.input, layer.input_shape[0]),
    own: tensors[layer.name] ?? null,
    after: !after ? null : after.function ? { kind: "function", title: after.function, tensor: tensors[after.name] ?? null } : { kind: "softmax", tensor: columnOf(tensors.probabilities) },
    weights,
  };
}

/** By the data of the input. @type {WeakMap<Float32Array, Tensor>} */
const repeatedInputs = new WeakMap();

/**
 * The input as the first layer reads it: a network that reads colors gets those of an image, of other digits the same plane in each channel.
 * @param {Tensor} input  [H, W]
 * @param {number} channels
 * @returns {Tensor} [C, H, W]
 */
export function inputOf({ shape, data, inColor }, channels) {
  if (inColor) return inColor.channels;
  if (channels === 1) return { shape: [1, ...shape], data };
  const known = repeatedInputs.get(data);
  if (known?.shape[0] === channels) return known;
  const repeated = { shape: [channels, ...shape], data: new Float32Array(channels * data.length) };
  for (let channel = 0; channel < channels; channel += 1) repeated.data.set(data, channel * data.length);
  repeatedInputs.set(data, repeated);
  return repeated;
}

/** @param {Tensor} vector  @returns {Tensor} [F, 1, 1] */
function columnOf({ shape, data }) {
  return { shape: [...shape, 1, 1], data };
}

/** Kernels with zero biases, which the page has before the lens has requested the weights. @param {Tensor} kernels  @returns {Weights} */
export function withoutBiases(kernels) {
  return { kernels, biases: { shape: [kernels.shape[0]], data: new Float32Array(kernels.shape[0]) } };
}

/**
 * The training step whose maps the page is to show; null for the finished network.
 * @param {TrainingView | null} training
 */
export function stepShown(training) {
  return training && (training.shown === "held" ? training.pinned : training.step);
}
