// @ts-check
/** @import { Digit, Framing, Prediction } from "../types.js" */
import { percent } from "../views/prediction-bars.js";

/**
 * @param {Prediction | null} prediction
 * @returns {string}
 */
export function describePrediction(prediction) {
  if (!prediction) return "The pad is blank: no prediction.";
  return `Looks like ${prediction.digit}, ${percent(prediction.probability)}.`;
}

/**
 * How the digit became what the network reads, in few words.
 * @param {Digit} digit
 * @param {Framing} framing
 */
export function describeFraming(digit, framing) {
  if (digit.kind === "sample") return `test digit ${digit.index}`;
  if (framing.applied === "none") return "as uploaded";
  if (!framing.crop) return "blank";
  const box = framing.placed ? Math.max(framing.placed.height, framing.placed.width) : 20;
  return digit.kind === "image" ? "cropped, centered" : `fitted to ${box}×${box}, centered`;
}
