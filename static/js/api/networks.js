// @ts-check
/** @import { ModelDescription } from "../types.js" */
import { apiAddress } from "./address.js";
import { request, requestJson } from "./http.js";

/** A network's description. @param {string} model  @returns {Promise<ModelDescription>} */
export function getModel(model) {
  return requestJson(apiAddress(["models", model]));
}

/**
 * @param {File} file  An ONNX file.
 * @param {File[]} data  Those that hold its weights.
 * @returns {Promise<{model: string, owner: string, title: string, expires: string}>}
 */
export function sendNetwork(file, data) {
  const form = new FormData();
  form.append("file", file);
  for (const each of data) form.append("data", each);
  return requestJson(apiAddress(["models"]), { body: form });
}

/** @param {string} model  @param {string} owner  The token that came with it. */
export async function deleteNetwork(model, owner) {
  await request(apiAddress(["models", model]), { method: "DELETE", accept: "*/*", headers: { Authorization: `Bearer ${owner}` } });
}
