// @ts-check
// What the lessons share: the form of a measurement, and texts that several of them need. Uses no elements.
/** @import { Box, ComparedNetwork, Connection, Digit, ModelDescription, Plane, Prediction, Tensor } from "../types.js" */
import { percent } from "../network/prediction-bars.js";

/** The compared networks. @typedef {Record<Connection, ComparedNetwork>} Networks */

/**
 * A picture of the lesson and its worksheet.
 * @typedef {object} LessonFigure
 * @property {Plane} plane
 * @property {"ink" | "diverging"} scale
 * @property {number} range      The value at the end of the scale.
 * @property {string} caption
 * @property {(value: number) => string} [textOf]  The numbers of a table; left out: a picture without numbers.
 * @property {Box} [frame]       Cells to mark.
 */

/**
 * What a lesson measures on a digit.
 * @typedef {object} Measured
 * @property {Record<string, string>} values   Every name that app/lessons.py uses in the lesson's texts.
 * @property {Record<string, string>} links    By step: what its link contains besides the digit.
 * @property {Record<string, LessonFigure>} figures
 */

/** @typedef {(digit: Digit, networks: Networks) => Promise<Measured>} Measure */

/** @param {number} count */
export const formatCount = (count) => count.toLocaleString("en");

/** @param {Prediction | null} prediction */
export function describeClass(prediction) {
  return prediction ? `${prediction.digit} (${percent(prediction.probability)})` : "nothing";
}

/** The name of the layer whose maps are the fewest: for requests of predictions alone. @param {ModelDescription} model */
export function lastLayerOf({ layers }) {
  return layers[layers.length - 1].name;
}

/** A table of one row for each row of numbers. @param {number[][]} rows  @returns {Plane} */
export function planeOfRows(rows) {
  return { width: rows[0].length, height: rows.length, data: Float32Array.from(rows.flat()) };
}

/** A kernel that reads one channel. @param {Tensor} kernels  [F, C, kH, kW]  @param {number} filter  @returns {Plane} */
export function kernelPlane({ shape: [, channels, height, width], data }, filter) {
  const begin = filter * channels * height * width;
  return { width, height, data: data.slice(begin, begin + height * width) };
}
