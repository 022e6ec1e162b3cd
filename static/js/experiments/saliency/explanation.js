// @ts-check
// A digit's prediction, gradient and occlusion for a class, and sentences about them.
/** @import { Attribution, Plane, Prediction, Tensor } from "../../types.js" */
/** @import { Activations } from "../../api/activations.js" */
import { formatValue } from "../../network/legend.js";
import { className, percent } from "../../network/prediction-bars.js";
import { planeOf } from "../../network/selectors.js";

/**
 * @typedef {object} Explanation
 * @property {Plane} input
 * @property {Prediction | null} prediction
 * @property {Float32Array} probabilities
 * @property {number} label      The class that is explained.
 * @property {number} logit      Of that class.
 * @property {Plane} gradient
 * @property {Plane} timesInk    The gradient of each pixel times its ink; of an image in color, the sum of both channel by channel.
 * @property {Plane} occlusion   How much the logit falls when a square is covered, at its middle; zero where no whole square has its middle.
 * @property {number} size       Of the square, in pixels.
 */

/** @typedef {{map: "gradient" | "occlusion", row: number, column: number}} Point */

/**
 * @param {Activations} activations
 * @param {{response: Attribution, tensors: Record<string, Tensor>}} saliency
 * @param {{tensors: Record<string, Tensor>}} occlusion  At stride 1.
 * @param {number} size
 * @returns {Explanation}
 */
export function explanationOf({ tensors, prediction }, saliency, occlusion, size) {
  const input = planeOf(tensors.input);
  return {
    input,
    prediction,
    probabilities: tensors.probabilities.data,
    label: saliency.response.label,
    logit: saliency.response.logit,
    gradient: planeOf(saliency.tensors.gradient),
    timesInk: timesInk(tensors.input, saliency.tensors),
    occlusion: fallsAtCenter(occlusion.tensors.logit_changes, size, input),
    size,
  };
}

/**
 * How much the logit falls, at the middle of each square: the sign turned, so that a positive number supports the class, as a
 * positive gradient does.
 * @param {Tensor} changes  Of the logit: [rows, columns], for every position of the square.
 * @param {number} size
 * @param {{width: number, height: number}} input
 * @returns {Plane}
 */
export function fallsAtCenter({ shape: [rows, columns], data }, size, { width, height }) {
  const reach = (size - 1) / 2;
  const plane = new Float32Array(width * height);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) plane[(row + reach) * width + column + reach] = 0 - data[row * columns + column];
  }
  return { width, height, data: plane };
}

/**
 * @param {Tensor} input
 * @param {Record<string, Tensor>} tensors  `gradient` [H, W]; of an image in color also `by_channel` [3, H, W].
 * @returns {Plane}
 */
export function timesInk({ data, inColor }, { gradient, by_channel: byChannel }) {
  const size = data.length;
  const ofColors = inColor && byChannel ? byChannel.data.map((value, i) => value * inColor.channels.data[i]) : null;
  return { ...planeOf(gradient), data: gradient.data.map((value, i) => (ofColors ? ofColors[i] + ofColors[size + i] + ofColors[2 * size + i] : value * data[i])) };
}

/** What the network predicts, and the logit of the class. @param {Explanation} explanation */
export function describeClass({ prediction, label, logit, probabilities }) {
  const predicted = prediction ? `The network predicts ${className(prediction.digit)} (${percent(prediction.probability)}).` : "The pad is blank, so there is no prediction.";
  const probability = prediction && prediction.digit !== label ? `, probability ${percent(probabilities[label])}` : "";
  return `${predicted} Logit of ${className(label)}: ${formatValue(logit)}${probability}.`;
}

/** @param {Explanation} explanation  @param {Point} point */
export function describePoint({ input, gradient, occlusion, size, label }, { map, row, column }) {
  const cell = row * input.width + column;
  const position = `Row ${row}, column ${column}`;
  if (map === "gradient") {
    return `${position}: ink ${formatValue(input.data[cell], 2)}. A little more ink here changes the logit of ${className(label)} by ${formatValue(gradient.data[cell])} for each unit of ink.`;
  }
  const reach = (size - 1) / 2;
  const isWhole = row >= reach && column >= reach && row < input.height - reach && column < input.width - reach;
  if (!isWhole) return `${position}: no whole square has its middle here.`;
  const fall = occlusion.data[cell];
  const effect = fall === 0 ? `does not change the logit of ${className(label)}`
    : `${fall > 0 ? "lowers" : "raises"} the logit of ${className(label)} by ${formatValue(Math.abs(fall))}`;
  return `${position}: covering ${size}×${size} pixels around it ${effect}.`;
}

const INK = 0.5; // A pixel with this much is inside the outline.

/**
 * The border between ink and paper, as the path of an SVG whose unit is a pixel.
 * @param {Plane} plane
 */
export function outlineOf({ width, height, data }) {
  /** @param {number} row  @param {number} column */
  const isInk = (row, column) => row >= 0 && row < height && column >= 0 && column < width && data[row * width + column] >= INK;
  let path = "";
  for (let row = 0; row <= height; row += 1) {
    for (let column = 0; column <= width; column += 1) {
      if (isInk(row, column) !== isInk(row - 1, column)) path += `M${column} ${row}h1`;
      if (isInk(row, column) !== isInk(row, column - 1)) path += `M${column} ${row}v1`;
    }
  }
  return path;
}
