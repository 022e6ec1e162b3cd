// @ts-check
// What the editor says in words.
/** @import { EditedAccuracy, Prediction } from "../types.js" */
import { className, percent } from "../network/prediction-bars.js";

/**
 * Which neurons the edit changes, and how many values of the map it changes.
 * @param {{shared: boolean, position: {row: number, column: number}}} scope
 * @param {number} changed  Values that differ from the learned map.
 * @param {number} total    Values of the map.
 */
export function describeScope({ shared, position: { row, column } }, changed, total) {
  const scope = shared
    ? `The weights are shared: an edit changes what all ${total} neurons of the map compute.`
    : `The weights are not shared: an edit changes the neuron at row ${row}, column ${column}, and no other.`;
  return `${scope} ${changed} of ${total} values of this map differ from the learned ones.`;
}

/**
 * What the edited map shows.
 * @param {{ablated: boolean, position: object | null} | undefined} edit  Of the filter.
 */
export function describeEditedMap(edit) {
  if (!edit?.ablated) return "edited";
  return edit.position ? "one neuron turned off: 0" : "turned off: 0 everywhere";
}

/**
 * Both are null for a blank pad.
 * @param {Prediction | null} learned
 * @param {Prediction | null} edited
 */
export function describePredictions(learned, edited) {
  if (!learned || !edited) return "The pad is blank: no prediction.";
  const [before, after] = [learned, edited].map(({ digit, probability }) => `${className(digit)} (${percent(probability)})`);
  return `Prediction with the learned kernels: ${before}; with the edited kernels: ${after}.`;
}

/** @param {EditedAccuracy | null} accuracy  Null while it is measured. */
export function describeAccuracy(accuracy) {
  if (!accuracy) return "Classifying test digits…";
  const of = (/** @type {number} */ share, /** @type {number} */ errors) => `${(100 * share).toFixed(1)}% (${errors} ${errors === 1 ? "error" : "errors"})`;
  const { digits, errors, unedited_errors: learned } = accuracy;
  return `Accuracy on ${digits.toLocaleString("en")} test digits with the edited kernels: ${of(accuracy.accuracy, errors)}; with the learned kernels: ${of(accuracy.unedited_accuracy, learned)}.`;
}

/** A weight of a kernel: all with three decimals, so that they can be compared. @param {number} value */
export function formatWeight(value) {
  return value === 0 ? "0" : value.toFixed(3).replace(/^-(?=0\.000$)/, "").replace("-", "−");
}
