// @ts-check
// Requests to the API, and errors. The other modules of this folder define what is requested.
/** @import { Tensor } from "../types.js" */
import { decodeTensors } from "./safetensors.js";

export const SAFETENSORS = "application/x-safetensors";

/** What the server returned instead of a result. */
export class ProblemError extends Error {
  /** @param {{title: string, detail?: string, status: number, type?: string}} problem */
  constructor(problem) {
    super(problem.detail ?? problem.title);
    this.status = problem.status;
    /** The last part of its type's address, such as "image-too-large". */
    this.slug = problem.type?.split("/").at(-1) ?? "";
  }
}

/** No response, or that of a proxy whose server is gone. */
export class UnreachableError extends ProblemError {
  constructor() {
    super({ title: "The server cannot be reached.", status: 0 });
  }
}

const GATEWAY_ERRORS = [502, 503, 504];

/**
 * @param {string} url
 * @param {{accept: string, method?: string, body?: object, headers?: Record<string, string>, signal?: AbortSignal}} options
 *   A body is sent by POST: a form as it is, anything else as JSON.
 * @returns {Promise<Response>}
 */
export async function request(url, { accept, body, method = body ? "POST" : "GET", headers = {}, signal }) {
  const isForm = body instanceof FormData;
  const sent = { Accept: accept, ...(body && !isForm && { "Content-Type": "application/json" }), ...headers };
  let response;
  try {
    response = await fetch(url, {
      method, headers: sent, body: isForm ? body : body && JSON.stringify(body), signal,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new UnreachableError();
  }
  if (!response.ok) throw await errorOf(response);
  return response;
}

/**
 * @param {string} url
 * @param {{method?: string, body?: object, signal?: AbortSignal}} [options]
 * @returns {Promise<any>}
 */
export async function requestJson(url, options = {}) {
  return (await request(url, { ...options, accept: "application/json" })).json();
}

/**
 * @param {string} url
 * @param {{method?: string, body?: object, signal?: AbortSignal}} [options]
 * @returns {Promise<{tensors: Record<string, Tensor>, metadata: Record<string, string>}>}
 */
export async function requestTensors(url, options = {}) {
  const decoded = decodeTensors(await (await request(url, { ...options, accept: SAFETENSORS })).arrayBuffer());
  if (hasColors(decoded)) await addColors(decoded);
  return decoded;
}

/** Whether the network reads the colors of the digit, an image. @param {{tensors: Record<string, Tensor>}} decoded */
export const hasColors = ({ tensors }) => "input/colors" in tensors;

/** @param {{tensors: Record<string, Tensor>, metadata: Record<string, string>}} decoded */
export async function addColors({ tensors, metadata }) {
  (await import("./colored-input.js")).addColors(tensors, metadata);
}

/** @param {Response} response */
async function errorOf(response) {
  try {
    return new ProblemError(await response.json());
  } catch {
    // The server itself describes every error in JSON.
    if (GATEWAY_ERRORS.includes(response.status)) return new UnreachableError();
    return new ProblemError({ title: `The server returned ${response.status} ${response.statusText}.`, status: response.status });
  }
}
