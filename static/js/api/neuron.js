// @ts-check
// One neuron as the server computes it.
/** @import { Digit, Neuron, NeuronArithmetic } from "../types.js" */
import { bodyOf } from "./activations.js";
import { apiAddress } from "./address.js";
import { requestJson } from "./http.js";

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
