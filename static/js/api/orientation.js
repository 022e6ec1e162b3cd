// @ts-check
/** @import { Bar, TuningAnswer } from "../types.js" */
import { request } from "./http.js";

/**
 * How each filter's answer depends on the bar's angle.
 * @param {string} model
 * @param {Bar} bar
 * @param {"swept" | "place"} measure
 * @param {number | null} checkpoint  Training step; null for the finished network.
 * @returns {Promise<TuningAnswer>}
 */
export async function getTuning(model, bar, measure, checkpoint) {
  const query = new URLSearchParams({ model, measure, ...Object.fromEntries(Object.entries(bar).map(([name, value]) => [name, String(value)])) });
  if (checkpoint !== null) query.set("checkpoint", String(checkpoint));
  return (await request(`/api/v1/experiments/tuning?${query}`, { headers: { Accept: "application/json" } })).json();
}
