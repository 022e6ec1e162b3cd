// @ts-check
/** @import { TrainingRequest, TrainingResponse, TrainingUpdate } from "../train/types.js" */
import { apiAddress } from "./address.js";
import { requestJson } from "./http.js";

/** @param {TrainingRequest} body  @returns {Promise<TrainingResponse>} */
export function startTraining(body) {
  return requestJson(apiAddress(["trainings"]), { body });
}

/** @returns {Promise<TrainingResponse>} */
export function getTraining() {
  return requestJson(apiAddress(["trainings", "current"]));
}

/** @returns {Promise<TrainingResponse>} */
export function cancelTraining() {
  return requestJson(apiAddress(["trainings", "current"]), { method: "DELETE" });
}

/**
 * Follow the current training from its start. If the connection breaks, the browser reconnects and names the last event it
 * received, so that the server sends only what followed; if the server cannot continue there, it begins with `start` again.
 * @param {{onStart: () => void, onUpdate: (update: TrainingUpdate) => void, onEnd: (end: TrainingResponse) => void}} listeners
 *   `onStart` must drop all updates received before.
 */
export function followTraining({ onStart, onUpdate, onEnd }) {
  const source = new EventSource(apiAddress(["trainings", "current", "events"]));
  source.addEventListener("start", onStart);
  source.addEventListener("update", ({ data }) => onUpdate(JSON.parse(data)));
  source.addEventListener("end", ({ data }) => {
    source.close(); // The browser would reconnect otherwise.
    onEnd(JSON.parse(data));
  });
}
