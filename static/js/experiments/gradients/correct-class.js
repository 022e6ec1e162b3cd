// @ts-check
// The class that counts as correct: in words, and what a request says of it. Knows no page.
/** @import { Digit, GradientsResponse } from "../../types.js" */
import { ProblemError } from "../../api/http.js";
import { formatValue } from "../../network/legend.js";
import { className } from "../../network/prediction-bars.js";
import { UNLABELED } from "../../shell/failures.js";

const SOURCES = { body: "your choice", sample: "its label", prediction: "the prediction" };

/**
 * What to request: what the visitor says that the digit is; null lets the server take the test digit's label or the prediction.
 * A blank pad has neither, so that the class stays the one that was shown.
 * @param {Digit} digit
 * @param {number | null} shown
 * @param {number} classes  Of the model: a label of another one is no class of it.
 */
export function labelToRequest(digit, shown, classes) {
  const isBlank = digit.kind === "strokes" && !digit.strokes.length;
  const chosen = digit.label !== undefined && digit.label < classes ? digit.label : null;
  return chosen ?? (isBlank ? (shown ?? 0) : null);
}

/**
 * Request something for a class; of a blank upload the server finds none, so that the class stays the one that was shown.
 * @template R
 * @param {number | null} label  Null: the server chooses.
 * @param {number} shown
 * @param {(label: number | null) => Promise<R>} request
 * @returns {Promise<R>}
 */
export async function requestForClass(label, shown, request) {
  try {
    return await request(label);
  } catch (error) {
    if (label !== null || !(error instanceof ProblemError) || error.slug !== UNLABELED) throw error;
    return request(shown);
  }
}

/** @param {GradientsResponse} response  @param {Digit} digit  Of the request. */
export function describeLoss({ label, label_from: source, models: [{ loss }] }, { label: chosen }) {
  const reason = source === "body" && chosen !== label ? "the last class shown, since the pad is blank" : SOURCES[source];
  return `loss ${formatValue(loss)} nats (−log of the probability of ${className(label)}; ${reason})`;
}
