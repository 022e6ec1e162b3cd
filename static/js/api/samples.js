// @ts-check
// The MNIST test digits.
import { apiAddress } from "./address.js";
import { request, requestJson } from "./http.js";

/** What to list: of `model`, `correct` is about the predictions. @typedef {{offset: number, limit: number, model: string | null, label?: string | null, correct?: string | null}} SampleQuery */

/**
 * @param {SampleQuery} query
 * @returns {Promise<{total: number, samples: {index: number, label: number, predictions: Record<string, {digit: number, correct: boolean}>}[]}>}
 */
export function getSamples(query) {
  return requestJson(apiAddress(["samples"], query));
}

/**
 * The same page of samples as one picture, ten digits to a row.
 * @param {SampleQuery} query
 * @returns {Promise<ImageBitmap>}
 */
export async function getSampleSheet(query) {
  return createImageBitmap(await (await request(apiAddress(["samples"], query), { accept: "image/png" })).blob());
}
