// @ts-check
// The game's best scores: for each perturbation and network, the smallest change that has changed a prediction.
/** @import { Prediction } from "../../types.js" */

/** A network must be so sure of the digit before the change, or an unclear digit would win. */
export const LEAST_PROBABILITY = 0.9;

const KEY = "kernelscope-fooled";

/** By kind and model, the level. @typedef {Record<string, Record<string, number>>} Scores */

/**
 * The scores with a new one, if it is better; else the same object.
 * @param {Scores} scores
 * @param {{kind: string, level: number, unchanged: number, model: string, before: Prediction | null, after: Prediction | null}} attempt
 * @returns {Scores}
 */
export function withAttempt(scores, { kind, level, unchanged, model, before, after }) {
  if (!before || !after || before.digit === after.digit || before.probability < LEAST_PROBABILITY) return scores;
  const best = scores[kind]?.[model];
  if (best !== undefined && Math.abs(best - unchanged) <= Math.abs(level - unchanged)) return scores;
  return { ...scores, [kind]: { ...scores[kind], [model]: level } };
}

/**
 * How many of the combinations were fooled.
 * @param {Scores} scores
 * @param {string[]} kinds
 * @param {string[]} models
 */
export function countFooled(scores, kinds, models) {
  return kinds.reduce((sum, kind) => sum + models.filter((model) => scores[kind]?.[model] !== undefined).length, 0);
}

/** What an earlier visit has left. @returns {Scores} */
export function readScores() {
  try {
    return scoresOf(localStorage.getItem(KEY));
  } catch {
    return {}; // Storage may be forbidden; the scores then last as long as the page.
  }
}

/** @param {Scores} scores */
export function keepScores(scores) {
  try {
    localStorage.setItem(KEY, JSON.stringify(scores));
  } catch {
    // As above.
  }
}

/**
 * Only numbers under two names; other stored values are not from this version.
 * @param {string | null} text
 * @returns {Scores}
 */
export function scoresOf(text) {
  try {
    const stored = Object.entries(JSON.parse(text ?? "{}") ?? {});
    const ofKind = (/** @type {unknown} */ models) => Object.entries(models ?? {}).filter(([, level]) => Number.isFinite(level));
    return Object.fromEntries(stored.map(([kind, models]) => [kind, Object.fromEntries(ofKind(models))]));
  } catch {
    return {};
  }
}
