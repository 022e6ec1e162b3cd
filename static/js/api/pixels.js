// @ts-check
/** @import { Plane, Tensor } from "../types.js" */
import { request } from "./http.js";
import { decodeTensors } from "./safetensors.js";

/**
 * Feature maps of pixels as they are, without framing.
 * @param {string} model
 * @param {Plane} plane  28×28, 0–1.
 * @param {string[]} layers
 * @param {number | null} [checkpoint]  Training step; null for the finished network.
 * @returns {Promise<Record<string, Tensor>>}
 */
export async function postPixels(model, { width, height, data }, layers, checkpoint = null) {
  const pixels = Array.from({ length: height }, (_, row) => [...data.subarray(row * width, (row + 1) * width)]);
  const query = new URLSearchParams({ layers: layers.join(","), dtype: "float16" });
  if (checkpoint !== null) query.set("checkpoint", String(checkpoint));
  const response = await request(`/api/v1/models/${model}/feature-maps?${query}`, {
    method: "POST",
    headers: { Accept: "application/x-safetensors", "Content-Type": "application/json" },
    body: JSON.stringify({ pixels, framing: "none" }),
  });
  return decodeTensors(await response.arrayBuffer()).tensors;
}
