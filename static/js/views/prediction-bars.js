// @ts-check
/** @import { Prediction } from "../types.js" */
import { find, findAll, setText } from "../dom.js";

/**
 * Ten probabilities as bars; none for a blank pad.
 * @param {HTMLElement} root
 */
export function createPredictionBars(root) {
  const rows = findAll(root, "li", HTMLLIElement).map((item) => ({
    item,
    bar: find(item, ".bar i", HTMLElement),
    number: find(item, ".probability", HTMLElement),
  }));
  return {
    /**
     * @param {Prediction | null} prediction
     * @param {Float32Array | null} probabilities
     */
    update(prediction, probabilities) {
      rows.forEach(({ item, bar, number }, digit) => {
        const probability = prediction && probabilities ? probabilities[digit] : null;
        bar.style.inlineSize = `${100 * (probability ?? 0)}%`;
        setText(number, probability === null ? "–" : percent(probability));
        if (prediction?.digit === digit) item.setAttribute("aria-current", "true");
        else item.removeAttribute("aria-current");
      });
    },
  };
}

/**
 * A probability for people: never rounded up to certainty nor down to impossibility.
 * @param {number} probability
 */
export function percent(probability) {
  if (probability > 0.9995) return ">99.9 %";
  if (probability < 0.0005) return "<0.1 %";
  return `${(100 * probability).toFixed(1)} %`;
}
