// @ts-check
/** @import { Answer, Digit, Tensor } from "../types.js" */

const KEPT_ANSWERS = 64; // Of about 100 kB each: every step of one digit, and of a few before it.

/**
 * What is known of the network at its checkpoints: maps of the digits looked at last, and kernels. Knows nothing of the
 * server.
 *
 * Kernels depend on no digit, and there are not many: all layers of all checkpoints are 7 MB, so none is ever forgotten.
 */
export function createCheckpointStore() {
  /** @type {WeakMap<Digit, number>} */
  const numbers = new WeakMap();
  let count = 0;
  /** The latest last. @type {Map<string, Answer>} */
  const answers = new Map();
  /** @type {Map<string, Tensor>} */
  const kernels = new Map();

  /** Digits are the same while they are the same object. @param {Digit} digit  @param {number} step */
  function keyOf(digit, step) {
    if (!numbers.has(digit)) numbers.set(digit, (count += 1));
    return `${numbers.get(digit)}/${step}`;
  }

  return {
    /** @param {Digit} digit  @param {number} step */
    answerAt: (digit, step) => answers.get(keyOf(digit, step)),

    /** Layers that were answered before stay. @param {number} step  @param {Answer} answer  @returns {Answer} */
    keepAnswer(step, answer) {
      const key = keyOf(answer.digit, step);
      const kept = { ...answer, tensors: { ...answers.get(key)?.tensors, ...answer.tensors } };
      answers.delete(key);
      answers.set(key, kept);
      if (answers.size > KEPT_ANSWERS) answers.delete(/** @type {string} */ (answers.keys().next().value));
      return kept;
    },

    /** @param {string} layer  @param {number} step */
    kernelsAt: (layer, step) => kernels.get(`${step}/${layer}`),

    /** @param {string} layer  @param {number} step  @param {Tensor} tensor */
    keepKernels: (layer, step, tensor) => void kernels.set(`${step}/${layer}`, tensor),

    /** How many answers are kept. */
    get size() {
      return answers.size;
    },
  };
}
