// @ts-check
/** @import { TrainingAnswer, TrainingUpdate, Wish } from "../types.js" */
import { request } from "./http.js";

const TRAININGS = "/api/v1/trainings";
const JSON_ANSWER = { Accept: "application/json" };

/** @param {Omit<Wish, "seed">} wish  @returns {Promise<TrainingAnswer>} */
export async function startTraining(wish) {
  return (await request(TRAININGS, { method: "POST", headers: { ...JSON_ANSWER, "Content-Type": "application/json" }, body: JSON.stringify(wish) })).json();
}

/** @returns {Promise<TrainingAnswer>} */
export async function getTraining() {
  return (await request(`${TRAININGS}/current`, { headers: JSON_ANSWER })).json();
}

/** @returns {Promise<TrainingAnswer>} */
export async function cancelTraining() {
  return (await request(`${TRAININGS}/current`, { method: "DELETE", headers: JSON_ANSWER })).json();
}

/**
 * Everything that the current training tells, from its start; the browser itself comes back if the line breaks.
 * @param {(update: TrainingUpdate) => void} onUpdate
 * @param {(end: TrainingAnswer) => void} onEnd
 */
export function followTraining(onUpdate, onEnd) {
  const source = new EventSource(`${TRAININGS}/current/events`);
  source.addEventListener("update", ({ data }) => onUpdate(JSON.parse(data)));
  source.addEventListener("end", ({ data }) => {
    source.close(); // Or the browser would ask again.
    onEnd(JSON.parse(data));
  });
}
