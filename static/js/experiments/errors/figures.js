// @ts-check
// Numbers and sentences about confusion, calibration and evidence.
/** @import { CalibrationBin, ConfusedDigit, Confusion } from "../../api/errors.js" */
import { aDigit, percent } from "../../network/prediction-bars.js";

/**
 * How dark a cell is, 0–1: the fourth root of its share of the row, so that one error in a thousand can be seen.
 * @param {number} count
 * @param {number} ofClass
 */
export function shadeOf(count, ofClass) {
  return count ? (count / ofClass) ** 0.25 : 0;
}

/**
 * The largest cells off the diagonal, largest first.
 * @param {number[][]} matrix
 * @param {number} count
 */
export function commonestErrors(matrix, count) {
  return matrix
    .flatMap((row, label) => row.map((digits, predicted) => ({ label, predicted, digits })))
    .filter(({ label, predicted, digits }) => label !== predicted && digits > 0)
    .sort((a, b) => b.digits - a.digits)
    .slice(0, count);
}

/** @param {Confusion} confusion */
export function describeErrors({ digits, errors, matrix }) {
  const accuracy = `${digits.toLocaleString("en")} test digits, ${errors.toLocaleString("en")} errors (${(100 * (1 - errors / digits)).toFixed(2)}% classified correctly).`;
  const [first] = commonestErrors(matrix, 1);
  if (!first) return accuracy;
  const often = first.digits === 1 ? "No error happens twice." : `Most often, ${aDigit(first.label)} is predicted as ${first.predicted}: ${first.digits.toLocaleString("en")} times.`;
  return `${accuracy} ${often}`;
}

/** @param {number} label  @param {number} predicted  @param {number} count */
export function describeCell(label, predicted, count) {
  const digits = `${count.toLocaleString("en")} ${count === 1 ? "digit" : "digits"}`;
  return label === predicted ? `${digits} of class ${label}, predicted as ${label}` : `${digits} of class ${label}, predicted as ${predicted}`;
}

/** @param {ConfusedDigit} digit */
export function describeDigit({ index, label, predicted, probability }) {
  return `Test digit ${index}, ${aDigit(label)}, predicted as ${predicted} with ${percent(probability)}`;
}

/** @param {Confusion} confusion */
export function describeCalibration({ calibration, expected_calibration_error: error, digits }) {
  const last = calibration[calibration.length - 1];
  const often = last.accuracy === null
    ? "No prediction has a probability of 90% or more."
    : `Of ${last.digits.toLocaleString("en")} predictions with a probability of 90% or more, ${last.correct.toLocaleString("en")} are correct: ${percent(last.accuracy)}, where their mean probability is ${percent(last.mean_probability ?? 0)}.`;
  return `${often} Over all ${digits.toLocaleString("en")} digits, accuracy and probability differ by ${(100 * error).toFixed(2)}% on average.`;
}

/** @param {CalibrationBin} bin */
export function describeBin({ low, high, digits, accuracy, mean_probability: mean }) {
  const range = `${Math.round(100 * low)}–${Math.round(100 * high)}%`;
  if (accuracy === null || mean === null) return `${range}: no digits`;
  return `${range}: ${digits.toLocaleString("en")} digits, ${percent(accuracy)} correct, mean probability ${percent(mean)}`;
}

/**
 * The maps in which two digits differ most in what they contribute to the margin.
 * @param {ArrayLike<number>} misread
 * @param {ArrayLike<number>} other
 * @param {number} count
 * @returns {{filter: number, misread: number, other: number}[]}  Largest difference first.
 */
export function decidingMaps(misread, other, count) {
  return Array.from({ length: misread.length }, (_, filter) => ({ filter, misread: misread[filter], other: other[filter] }))
    .sort((a, b) => Math.abs(b.misread - b.other) - Math.abs(a.misread - a.other))
    .slice(0, count);
}
