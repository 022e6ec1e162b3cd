// @ts-check
/** @import { ActivationsResponse, Digit, Tensor } from "../types.js" */

const KEPT_DIGITS = 64; // Responses of about 100 kB each: every step of one digit, and of a few before it.

/**
 * Values of the network at its checkpoints: maps of the most recent digits, and kernels. Does not know the server.
 *
 * Kernels depend on no digit, and there are not many: all layers of all checkpoints are 7 MB, so all are kept.
 */
export function createCheckpointStore() {
  /** @type {WeakMap<Digit, number>} */
  const numbers = new WeakMap();
  let count = 0;
  /** The most recently used last. @type {Map<string, ActivationsResponse>} */
  const responses = new Map();
  /** @type {Map<string, Tensor>} */
  const kernels = new Map();

  /** Digits are compared as objects. @param {Digit} digit  @param {number} step */
  function keyOf(digit, step) {
    if (!numbers.has(digit)) numbers.set(digit, (count += 1));
    return `${numbers.get(digit)}/${step}`;
  }

  return {
    /** @param {Digit} digit  @param {number} step */
    mapsAt: (digit, step) => responses.get(keyOf(digit, step)),

    /** Layers that were stored before are kept. @param {number} step  @param {ActivationsResponse} response  @returns {ActivationsResponse} */
    keepMaps(step, response) {
      const key = keyOf(response.digit, step);
      const kept = { ...response, tensors: { ...responses.get(key)?.tensors, ...response.tensors } };
      responses.delete(key);
      responses.set(key, kept);
      if (responses.size > KEPT_DIGITS) responses.delete(/** @type {string} */ (responses.keys().next().value));
      return kept;
    },

    /** @param {string} layer  @param {number} step */
    kernelsAt: (layer, step) => kernels.get(`${step}/${layer}`),

    /** @param {string} layer  @param {number} step  @param {Tensor} tensor */
    keepKernels: (layer, step, tensor) => void kernels.set(`${step}/${layer}`, tensor),

    /** How many responses are kept. */
    get size() {
      return responses.size;
    },
  };
}
