// @ts-check

// Numbers for people that add up to the last digit shown.
//
// Every part and the total are rounded to the same decimals and kept as whole numbers of the last digit's unit.
// What the rounded parts lack to the rounded total is a part of its own, shown as "rounding". So whoever adds up
// what is on the screen gets what is on the screen, with any number of decimals.

/** Enough that single-precision factors and their products show every digit that matters; 2⁵³ holds them exactly. */
export const ALL_DECIMALS = 12;

/**
 * @typedef {object} Ledger
 * @property {number} decimals
 * @property {number[]} parts     In units of the last digit.
 * @property {number} total
 * @property {number} rounding    total − Σ parts.
 */

/**
 * @param {Iterable<number>} parts
 * @param {number} total
 * @param {number} decimals
 * @returns {Ledger}
 */
export function roundParts(parts, total, decimals) {
  const rounded = Array.from(parts, (part) => toUnits(part, decimals));
  const sum = toUnits(total, decimals);
  return { decimals, parts: rounded, total: sum, rounding: sum - rounded.reduce((a, b) => a + b, 0) };
}

/**
 * @param {number} value
 * @param {number} decimals
 */
export function toUnits(value, decimals) {
  return Math.round(value * 10 ** decimals) + 0; // + 0: no negative zero.
}

/**
 * A number of units as text, with a real minus sign.
 * @param {number} units
 * @param {number} decimals
 * @param {boolean} [signed]  Whether a positive number wears a plus.
 */
export function formatUnits(units, decimals, signed = false) {
  const digits = String(Math.abs(units)).padStart(decimals + 1, "0");
  const whole = decimals ? `${digits.slice(0, -decimals)}.${digits.slice(-decimals)}` : digits;
  return `${units < 0 ? "−" : signed && units > 0 ? "+" : ""}${whole}`;
}

/**
 * @param {number} value
 * @param {number} decimals
 * @param {boolean} [signed]
 */
export function formatFixed(value, decimals, signed = false) {
  return formatUnits(toUnits(value, decimals), decimals, signed);
}

/**
 * Decimals for a layer's numbers: three, and more where the largest would keep less than two significant digits.
 * @param {number} largest
 */
export function decimalsFor(largest) {
  return largest > 0 ? Math.min(6, Math.max(3, 1 - Math.floor(Math.log10(largest)))) : 3;
}

/** Every digit of a number as it is stored. @param {number} value */
export function formatExactly(value) {
  return String(value).replace("-", "−");
}
