// @ts-check
// Levels, accuracies and predictions in words. Uses neither elements nor requests.
/** @import { Prediction } from "../../types.js" */
/** @import { AccuracyCurve, Kind, RobustnessCurve } from "../../api/robustness.js" */
import { describeClass } from "../perturb-pixel/changes.js";

/** @type {Record<Kind, (level: number) => string>} */
const FORMATS = {
  rotate: (level) => `${signed(level, 0)}°`,
  scale: (level) => `× ${level.toFixed(2)}`,
  shear: (level) => signed(level, 2),
  shift: (level) => `${signed(level, Number.isInteger(level) ? 0 : 1)} px`,
  thicken: (level) => `${level.toFixed(2)} px`,
  thin: (level) => `${level.toFixed(2)} px`,
  blur: (level) => `σ ${level.toFixed(1)} px`,
  noise: (level) => `σ ${level.toFixed(2)}`,
  contrast: (level) => `−${Math.round(100 * level)}%`,
  occlude: (level) => `${level}×${level} px`,
  fgsm: (level) => `ε ${level.toFixed(2)}`,
};

/** A level as it is written after the name of its perturbation. @param {Kind} kind  @param {number} level */
export function formatLevel(kind, level) {
  return FORMATS[kind](level);
}

/** @param {number} value  @param {number} decimals */
function signed(value, decimals) {
  return value.toFixed(decimals).replace("-", "−");
}

/**
 * The accuracies at the measured level that is nearest to the dial.
 * @param {RobustnessCurve} curve
 * @param {number} level
 * @param {(id: string) => string} nameOf
 */
export function describeAccuracy({ kind, levels, models }, level, nameOf) {
  const nearest = levels.reduce((best, each, i) => (Math.abs(each - level) < Math.abs(levels[best] - level) ? i : best), 0);
  const shares = models.map(({ id, accuracy }) => `${nameOf(id)} ${(100 * accuracy[nearest]).toFixed(1)}%`);
  const end = level > levels[levels.length - 1] || level < levels[0] ? ", where the measurement ends" : "";
  return `Classified correctly at ${formatLevel(kind, levels[nearest])}${end}: ${shares.join(", ")}.`;
}

/**
 * Which network is most often the least accurate one, and which the most accurate one, over all levels that change something.
 * @param {RobustnessCurve} curve
 * @param {(id: string) => string} nameOf
 */
export function describeRanking({ levels, unchanged, models }, nameOf) {
  if (models.length < 2) return "";
  const changed = levels.flatMap((level, i) => (level === unchanged ? [] : i));
  const counts = { least: leaders(models, changed, Math.min), most: leaders(models, changed, Math.max) };
  const words = (/** @type {"least" | "most"} */ which) => {
    const [{ id, count }] = counts[which];
    return `${nameOf(id)} is the ${which} accurate at ${count} of ${changed.length} levels`;
  };
  return `${words("least")}; ${words("most")}.`;
}

/**
 * The model that is most often the least accurate one.
 * @param {RobustnessCurve} curve
 */
export function leastAccurate({ levels, unchanged, models }) {
  return leaders(models, levels.flatMap((level, i) => (level === unchanged ? [] : i)), Math.min)[0].id;
}

/**
 * At how many levels each model is at the end of the order; that of most levels first.
 * @param {AccuracyCurve[]} models
 * @param {number[]} at
 * @param {(...accuracies: number[]) => number} end
 */
function leaders(models, at, end) {
  return models
    .map(({ id, accuracy }) => ({ id, count: at.filter((i) => accuracy[i] === end(...models.map((each) => each.accuracy[i]))).length }))
    .sort((a, b) => b.count - a.count);
}

/**
 * Of which digits the curves are.
 * @param {AccuracyCurve[]} models
 * @param {(id: string) => string} nameOf
 */
export function describeDigits(models, nameOf) {
  const computed = models.filter(({ measured }) => !measured);
  const measured = models.find((each) => each.measured);
  return [
    ...(measured ? [`${measured.digits.toLocaleString("en")} test digits, measured beforehand.`] : []),
    ...computed.map(({ id, digits }) => `${nameOf(id)}: ${digits} test digits, computed now.`),
  ].join(" ");
}

/**
 * What the change has done to a prediction.
 * @param {Prediction | null} before
 * @param {Prediction | null} after
 */
export function describeChange(before, after) {
  if (!before) return "The pad is blank: there is no prediction to change.";
  const was = describeClass(before);
  if (!after) return `No ink is left. Before: ${was}.`;
  return after.digit === before.digit ? `Still ${before.digit}. Before: ${was}.` : `Fooled: it was ${was}.`;
}

/** @param {number | null} change */
export function formatChange(change) {
  return change === null ? "–" : `${change > 0 && change < 0.0095 ? (100 * change).toFixed(1) : Math.round(100 * change)}%`;
}
