// @ts-check
// The one way to request a digit's activations.
/** @import { Digit, Framing, ModelDescription, Prediction, Tensor } from "../types.js" */
import { apiAddress } from "./address.js";
import { requestTensors } from "./http.js";

const FRAME_SIZE = 28; // Pixels along each side of MNIST's digits.

/**
 * A network's activations for a digit: the layers' maps [F, H, W] by name, and `input`, `logits` and `probabilities`.
 * @typedef {{tensors: Record<string, Tensor>, prediction: Prediction | null, framing: Framing}} Activations
 */

/**
 * @param {string} model
 * @param {Digit} digit
 * @param {object} options
 * @param {string[] | null} options.layers  Null for all.
 * @param {"float16" | "float32"} [options.dtype]  Half precision is more than a screen's 256 levels can show, and half
 *   the bytes; arithmetic needs the network's own single precision.
 * @param {number | null} [options.checkpoint]  Training step; null for the finished network.
 * @param {AbortSignal} [options.signal]
 * @returns {Promise<Activations>}
 */
export async function requestActivations(model, digit, { layers, dtype = "float16", checkpoint = null, signal }) {
  const address = apiAddress(["models", model, "feature-maps"], { layers, dtype, checkpoint });
  return activationsOf(await requestTensors(address, { body: bodyOf(digit), signal }));
}

/**
 * A network's prediction alone: with the maps of its last layer, which are the fewest.
 * @param {Pick<ModelDescription, "id" | "layers">} model
 * @param {Digit} digit
 * @param {{dtype?: "float16" | "float32", checkpoint?: number | null}} [options]  As above.
 */
export function requestPrediction({ id, layers }, digit, options) {
  return requestActivations(id, digit, { ...options, layers: [layers[layers.length - 1].name] });
}

/**
 * @param {{tensors: Record<string, Tensor>, metadata: Record<string, string>}} decoded
 * @returns {Activations}
 */
export function activationsOf({ tensors, metadata }) {
  return { tensors, prediction: JSON.parse(metadata.prediction), framing: JSON.parse(metadata.framing) };
}

/**
 * A digit as request bodies have it.
 * @param {Digit} digit
 */
export function bodyOf(digit) {
  switch (digit.kind) {
    case "sample":
      return { sample: digit.index };
    case "image":
      return { image: digit.base64, ...digit.adjustment };
    case "strokes":
      return { strokes: digit.strokes, pen_width: digit.penWidth };
    case "pixels": {
      const { width, height, data } = digit.plane;
      const pixels = Array.from({ length: height }, (_, row) => [...data.subarray(row * width, (row + 1) * width)]);
      // Pixels of another size cannot be taken as they are.
      return { pixels, ...(width === FRAME_SIZE && height === FRAME_SIZE && { framing: "none" }) };
    }
  }
}
