// @ts-check
// Numbers of one table, which share a power of ten: small ones can be read, and all of them compared.
import { timesTenTo } from "./legend.js";

const SMALL = 0.1; // If all are smaller, they are mostly zeros.
const LARGE = 1000;

/**
 * @param {number} largest  The largest absolute value of the table.
 * @returns {{times: string, textOf: (value: number) => string}}  `times`: after the table's title, such as " × 10⁻³"; `textOf`:
 *   a value in these units, with two decimals.
 */
export function commonPower(largest) {
  const exponent = largest > 0 && (largest < SMALL || largest >= LARGE) ? Math.floor(Math.log10(largest)) : 0;
  return {
    times: exponent ? timesTenTo(exponent) : "",
    textOf: (value) => (value === 0 ? "0" : (value / 10 ** exponent).toFixed(2).replace(/^-(?=0\.00$)/, "").replace("-", "−")),
  };
}
