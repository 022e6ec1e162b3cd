// @ts-check
// Compare the gradient of the chosen weight with a finite difference.
/** @import { GradientCheck } from "../../types.js" */
import { find, setText } from "../../dom/find.js";
import { formatValue } from "../../network/legend.js";

const HINT = "Choose a number of the gradient and compare it with a finite difference: the weight is changed a little, and the loss is computed again.";

const CLEAR = 0.01;
const KINK = " Here the loss has a kink: within the step, a ReLU switches on or off, or another value becomes the maximum of its pool. On its two sides"
  + " the slopes differ; the finite difference is their mean, and backpropagation gives that of one side.";

/**
 * How far two gradients are apart, as a share of the larger one.
 * @param {GradientCheck} check
 */
export function relativeDifference({ gradient, finite_difference: difference }) {
  const scale = Math.max(Math.abs(gradient), Math.abs(difference));
  return scale ? Math.abs(gradient - difference) / scale : 0;
}

/**
 * Where the two differ clearly, a ReLU's input or two maxima are within the step of a kink.
 * @param {GradientCheck} check
 * @param {number[]} index  [filter, channel, row, column]
 */
export function describeCheck(check, [filter, , row, column]) {
  const { weight, gradient, step, loss_below: below, loss_above: above, finite_difference: difference } = check;
  const relative = relativeDifference(check);
  return `Kernel ${filter}, row ${row}, column ${column}: weight ${formatValue(weight)}, changed by ±${formatValue(step)}. `
    + `Loss ${formatValue(below, 9)} and ${formatValue(above, 9)}: finite difference ${formatValue(difference, 6)}; `
    + `gradient by backpropagation ${formatValue(gradient, 6)}, ${relative ? `relative difference ${formatValue(relative, 1)}` : "the same"}.`
    + (relative > CLEAR ? KINK : "");
}

/**
 * @param {HTMLElement} root
 * @param {object} page
 * @param {(message: string) => void} page.announce
 * @param {(error: unknown) => void} page.fail
 * @param {AbortSignal} page.signal
 * @param {() => {index: number[], result: Promise<GradientCheck>, isCurrent: () => boolean} | null} page.request
 *   Checks the chosen weight; null if nothing is shown yet. A result that is no longer current is dropped.
 */
export function createGradientCheck(root, { announce, fail, signal, request }) {
  const sentence = find(root, "#check-result", HTMLElement);

  find(root, "#check", HTMLButtonElement).addEventListener("click", async () => {
    const requested = request();
    if (!requested) return;
    try {
      const check = await requested.result;
      if (!requested.isCurrent()) return;
      sentence.dataset.relative = String(relativeDifference(check));
      setText(sentence, describeCheck(check, requested.index));
      announce(sentence.textContent ?? "");
    } catch (error) {
      fail(error);
    }
  }, { signal });

  return {
    /** Another weight, digit or class. */
    reset() {
      setText(sentence, HINT);
      delete sentence.dataset.relative;
    },
  };
}
