// @ts-check
/** @import { Prediction } from "../types.js" */
import { find, findAll, setText } from "../dom.js";
import { percent } from "./prediction-bars.js";

/**
 * What each network reads a digit as, a row each.
 * @param {HTMLTableElement} table
 */
export function createReadings(table) {
  const rows = findAll(table, "[data-model]", HTMLTableRowElement).map((row) => ({
    id: row.dataset.model ?? "",
    name: row.cells[0].textContent,
    digit: find(row, ".digit", HTMLElement),
    probability: find(row, ".probability", HTMLElement),
  }));
  return {
    /**
     * @param {Record<string, Prediction | null>} readings  By model; null for a blank digit.
     * @returns {string} The same in words.
     */
    update(readings) {
      const sentences = rows.map(({ id, name, digit, probability }) => {
        const reading = readings[id];
        setText(digit, reading ? String(reading.digit) : "–");
        setText(probability, reading ? percent(reading.probability) : "");
        return reading && `${name}: ${reading.digit}, ${percent(reading.probability)}.`;
      });
      return sentences.every(Boolean) ? sentences.join(" ") : "The pad is blank: no prediction.";
    },
  };
}
