// @ts-check
/** @import { Answer, Digit, Question, Tensor } from "../types.js" */
import { decodeTensors } from "./safetensors.js";

const SAFETENSORS = "application/x-safetensors";

/** What the server said of a request it did not carry out. */
export class ProblemError extends Error {
  /** @param {{title: string, detail?: string, status: number}} problem */
  constructor(problem) {
    super(problem.detail ?? problem.title);
    this.status = problem.status;
  }
}

/**
 * Ask for the feature maps of a digit.
 * @param {string} model
 * @param {Question} question
 * @param {number} sequence
 * @returns {Promise<Answer>}
 */
export async function postDigit(model, { digit, layers }, sequence) {
  // Half precision is more than a screen's 256 levels can show, and half the bytes.
  const url = `/api/v1/models/${model}/feature-maps?layers=${layers.join(",")}&dtype=float16`;
  const response = await request(url, {
    method: "POST",
    headers: { Accept: SAFETENSORS, "Content-Type": "application/json" },
    body: JSON.stringify(bodyOf(digit)),
  });
  return answerOf(decodeTensors(await response.arrayBuffer()), sequence, digit);
}

/**
 * @param {{tensors: Record<string, Tensor>, metadata: Record<string, string>}} decoded
 * @param {number} sequence
 * @param {Digit} digit
 * @returns {Answer}
 */
export function answerOf({ tensors, metadata }, sequence, digit) {
  return { sequence, digit, tensors, prediction: JSON.parse(metadata.prediction), framing: JSON.parse(metadata.framing) };
}

/**
 * @param {string} model
 * @param {string} layer
 * @returns {Promise<Tensor>} [F, C, k, k]
 */
export async function getKernels(model, layer) {
  const response = await request(`/api/v1/models/${model}/layers/${layer}/kernels?dtype=float16`, { headers: { Accept: SAFETENSORS } });
  return decodeTensors(await response.arrayBuffer()).tensors.kernels;
}

/**
 * @param {URLSearchParams} query
 * @returns {Promise<{total: number, samples: {index: number, label: number, predictions: Record<string, {digit: number, correct: boolean}>}[]}>}
 */
export async function getSamples(query) {
  return (await request(`/api/v1/samples?${query}`, { headers: { Accept: "application/json" } })).json();
}

/**
 * The same page of samples as one picture, ten digits to a row.
 * @param {URLSearchParams} query
 * @returns {Promise<ImageBitmap>}
 */
export async function getSampleSheet(query) {
  const response = await request(`/api/v1/samples?${query}`, { headers: { Accept: "image/png" } });
  return createImageBitmap(await response.blob());
}

/** A digit as the API has it. @param {Digit} digit */
export function bodyOf(digit) {
  if (digit.kind === "sample") return { sample: digit.index };
  if (digit.kind === "image") return { image: digit.base64 };
  return { strokes: digit.strokes, pen_width: digit.penWidth };
}

/**
 * @param {string} url
 * @param {RequestInit} options
 */
export async function request(url, options) {
  let response;
  try {
    response = await fetch(url, options);
  } catch {
    throw new ProblemError({ title: "The server cannot be reached; the maps show the last answer.", status: 0 });
  }
  if (!response.ok) throw new ProblemError(await problemOf(response));
  return response;
}

/** @param {Response} response */
async function problemOf(response) {
  try {
    return await response.json();
  } catch {
    return { title: `The server answered ${response.status} ${response.statusText}`, status: response.status };
  }
}
