// @ts-check
// Sentences about a digit's place in the map of a layer.
/** @import { Prediction } from "../../types.js" */
/** @import { LayerMap, Neighbor } from "../../api/layer-maps.js" */
import { aDigit, className, percent } from "../../network/prediction-bars.js";

/** @param {string} layer */
export function nameOf(layer) {
  return layer === "input" ? "the pixels" : layer;
}

/**
 * What the nearest digits are, and whether the network agrees.
 * @param {string} layer
 * @param {Neighbor[]} neighbors
 * @param {Prediction | null} prediction
 */
export function describeNeighbors(layer, neighbors, prediction) {
  const predicted = prediction
    ? `The network predicts ${className(prediction.digit)} (${percent(prediction.probability)}).`
    : "The pad is blank, so there is no prediction.";
  return `In ${nameOf(layer)}, ${describeLabels(neighbors)}. ${predicted}`;
}

/** The most frequent class of the nearest digits. @param {Neighbor[]} neighbors */
export function describeLabels(neighbors) {
  const counts = new Map();
  for (const { label } of neighbors) counts.set(label, (counts.get(label) ?? 0) + 1);
  const [label, count] = [...counts].sort((a, b) => b[1] - a[1])[0];
  return count === neighbors.length ? `all ${count} nearest digits are ${label}s` : `${count} of the ${neighbors.length} nearest digits are ${label}s`;
}

/** How much of the differences between digits the picture shows. @param {LayerMap} map */
export function describeVariance({ variance, indexes }) {
  const [two, all] = [variance.slice(0, 2), variance].map((shares) => shares.reduce((sum, share) => sum + share, 0));
  return `${indexes.length.toLocaleString("en")} test digits. The two axes show ${percent(two)} of the variance of the activations, the `
    + `${variance.length} components in which distances are measured ${percent(all)}.`;
}

/** @param {number} index  @param {number} label */
export function describeDigit(index, label) {
  return `Test digit ${index}, ${aDigit(label)}`;
}
