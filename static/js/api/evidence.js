// @ts-check
/** @import { Digit, Tensor } from "../types.js" */
import { bodyOf } from "./activations.js";
import { apiAddress } from "./address.js";
import { requestTensors } from "./http.js";

/**
 * What makes the logit of a class differ from its logit for a blank page.
 * @typedef {object} Evidence
 * @property {number} label       The class.
 * @property {number} difference  What the contributions of every layer add up to.
 * @property {Tensor} pixels      [H, W], the contribution of each pixel.
 * @property {Record<string, LayerEvidence>} layers  Every layer but the softmax.
 */

/**
 * @typedef {object} LayerEvidence
 * @property {Float32Array} contributions  Of each map.
 * @property {Tensor | null} links         [F, C], of map f's contribution the part through map c of the layer before; null
 *   where each map reads only the map of the same number. Very small ones are 0.
 */

const LEAST_LINK = 0.03; // Of logits that differ by ten and more; smaller links are most of the response.

/**
 * @param {string} model
 * @param {Digit} digit
 * @param {{label: number, steps: number}} options
 * @returns {Promise<Evidence>}
 */
export async function requestEvidence(model, digit, { label, steps }) {
  const address = apiAddress(["models", model, "evidence"], { dtype: "float16" });
  const { tensors, metadata } = await requestTensors(address, { body: { ...bodyOf(digit), label, steps, least_link: LEAST_LINK } });
  const response = JSON.parse(metadata.response);
  const layers = Object.fromEntries(response.layers.map((/** @type {{name: string}} */ { name }) => [
    name, { contributions: tensors[name].data, links: tensors[`${name}/links`] ?? null },
  ]));
  return { label: response.label, difference: response.difference, pixels: tensors.pixels, layers };
}
