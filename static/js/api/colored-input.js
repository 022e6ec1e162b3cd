// @ts-check
// The colors of an uploaded image as a network reads them. Loaded with the first response that has some.
/** @import { Framing, Tensor } from "../types.js" */

/**
 * Add the colors to the tensor `input`: what the network reads, and how it is painted.
 * @param {Record<string, Tensor>} tensors  With `input/colors` [3, H, W].
 * @param {Record<string, string>} metadata
 */
export function addColors(tensors, metadata) {
  /** @type {Framing} */
  const framing = JSON.parse(metadata.framing ?? null) ?? JSON.parse(metadata.response).input.framing;
  const channels = tensors["input/colors"];
  channels.inColor = tensors.input.inColor = { channels, pixels: pixelsOf(channels, framing) };
}

/**
 * The image in its own colors: dark ink, which networks receive as its difference from white paper, on white; all else as it is read.
 * @param {Tensor} channels
 * @param {Pick<Framing, "applied" | "polarity">} framing
 * @returns {Uint32Array} ABGR, the order of canvas pixels in memory.
 */
export function pixelsOf({ shape: [, height, width], data }, { applied, polarity }) {
  const size = height * width;
  const isInverted = applied === "mnist" && polarity === "dark-on-light";
  return Uint32Array.from({ length: size }, (_, cell) => {
    let pixel = 255;
    for (const channel of [2, 1, 0]) {
      const value = data[channel * size + cell];
      pixel = pixel * 256 + Math.round(255 * (isInverted ? 1 - value : value));
    }
    return pixel;
  });
}
