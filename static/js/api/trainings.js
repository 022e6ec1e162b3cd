// @ts-check
/** @import { SymbolsRequest, TrainingEnd, TrainingRequest, TrainingResponse, TrainingUpdate } from "../train/types.js" */
import { apiAddress } from "./address.js";
import { request, requestJson } from "./http.js";

/** @param {TrainingRequest | SymbolsRequest} body  @returns {Promise<{id: string, owner: string}>} */
export function startTraining(body) {
  return requestJson(apiAddress(["trainings"]), { body });
}

/** @param {string} id  @returns {Promise<TrainingResponse>} */
export function getTraining(id) {
  return requestJson(apiAddress(["trainings", id]));
}

/** The trained network as a file. @param {string} id */
export function networkFileAddress(id) {
  return apiAddress(["trainings", id, "onnx"]);
}

/** Cancel a run, and delete its network. @param {string} id  @param {string} owner  The token that came with it. */
export async function deleteTraining(id, owner) {
  await request(apiAddress(["trainings", id]), { method: "DELETE", accept: "*/*", headers: { Authorization: `Bearer ${owner}` } });
}

/**
 * Follow a run from its start. If the connection breaks, the browser reconnects and names the last event it received, so
 * that the server sends only what followed; if the server cannot continue there, it begins with `start` again.
 * @param {string} id
 * @param {{onStart: () => void, onPlace: (place: {state: "queued" | "running", place: number | null}) => void,
 *   onUpdate: (update: TrainingUpdate) => void, onEnd: (end: TrainingEnd) => void, onBroken: (isFinal: boolean) => void}} listeners
 *   `onStart` must drop all updates received before; after `onBroken(true)`, the browser does not reconnect.
 * @returns {() => void} Ends it.
 */
export function followTraining(id, { onStart, onPlace, onUpdate, onEnd, onBroken }) {
  const source = new EventSource(apiAddress(["trainings", id, "events"]));
  source.addEventListener("start", onStart);
  source.addEventListener("place", ({ data }) => onPlace(JSON.parse(data)));
  source.addEventListener("update", ({ data }) => onUpdate(JSON.parse(data)));
  source.addEventListener("end", ({ data }) => {
    source.close(); // The browser would reconnect otherwise.
    onEnd(JSON.parse(data));
  });
  source.addEventListener("error", () => onBroken(source.readyState === EventSource.CLOSED));
  return () => source.close();
}
