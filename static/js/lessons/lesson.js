// @ts-check
// What the lessons share: the form of a measurement, and texts that several of them need. Uses no elements.
/** @import { Box, ComparedNetworks, Digit, Plane } from "../types.js" */

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

/** @typedef {(digit: Digit, networks: ComparedNetworks) => Promise<Measured>} Measure */

/** @param {number} count */
export const formatCount = (count) => count.toLocaleString("en");
