// @ts-check
/** @import { Prediction } from "../types.js" */
import { find, findAll, setText } from "../dom/find.js";
import { percent } from "./prediction-bars.js";

/**
 * Each network's prediction of a digit, in a table.
 * @param {HTMLTableElement} table
 */
export function createPredictionList(table) {
  const rows = findAll(table, "[data-model]", HTMLTableRowElement).map((row) => ({
    id: row.dataset.model ?? "",
    name: row.cells[0].textContent,
    digit: find(row, ".digit", HTMLElement),
    probability: find(row, ".probability", HTMLElement),
  }));
  return {
    /**
     * @param {Record<string, Prediction | null>} predictions  By model; null for a blank digit.
     * @returns {string} The same in words.
     */
    update(predictions) {
      const sentences = rows.map(({ id, name, digit, probability }) => {
        const prediction = predictions[id];
        setText(digit, prediction ? String(prediction.digit) : "–");
        setText(probability, prediction ? percent(prediction.probability) : "");
        return prediction && `${name}: ${prediction.digit}, ${percent(prediction.probability)}.`;
      });
      return sentences.every(Boolean) ? sentences.join(" ") : "The pad is blank: no prediction.";
    },
  };
}
