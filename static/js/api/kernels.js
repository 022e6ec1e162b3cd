// @ts-check
// The one way to request kernels and biases.
/** @import { Digit, Neuron, NeuronArithmetic, Weights } from "../types.js" */
import { bodyOf } from "./activations.js";
import { apiAddress } from "./address.js";
import { requestJson, requestTensors } from "./http.js";

/**
 * @param {string} model
 * @param {string} layer
 * @param {object} [options]
 * @param {"float16" | "float32"} [options.dtype]  As for activations.
 * @param {number | null} [options.checkpoint]  Training step; null for the finished network.
 * @param {AbortSignal} [options.signal]
 * @returns {Promise<Weights>}
 */
export async function requestKernels(model, layer, { dtype = "float16", checkpoint = null, signal } = {}) {
  const address = apiAddress(["models", model, "layers", layer, "kernels"], { dtype, checkpoint });
  const { kernels, biases } = (await requestTensors(address, { signal })).tensors;
  return { kernels, biases };
}

/**
 * The arithmetic of one neuron for a digit.
 * @param {string} model
 * @param {Digit} digit
 * @param {Neuron} neuron
 * @returns {Promise<NeuronArithmetic>}
 */
export function requestNeuron(model, digit, neuron) {
  return requestJson(apiAddress(["models", model, "neuron"]), { body: { ...bodyOf(digit), ...neuron } });
}

/**
 * The weights of one neuron, however large its layer is.
 * @param {string} model
 * @param {Neuron} neuron
 * @returns {Promise<number[][][]>} [channel][row][column]
 */
export async function requestNeuronKernel(model, neuron) {
  // The operation needs a digit, but the weights are the same for every digit.
  return (await requestNeuron(model, { kind: "sample", index: 0 }, neuron)).kernel;
}
