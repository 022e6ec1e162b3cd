// @ts-check

// Rounds the parts of a sum so that the displayed parts add up to the displayed sum.
//
// Every part and the total are rounded to the same number of decimals and stored as integers, in units of the last decimal.
// The difference between the rounded total and the sum of the rounded parts is a part of its own, shown as "rounding".

/** Enough for all significant decimals of single-precision factors and their products; below 2⁵³ the integers are exact. */
export const ALL_DECIMALS = 12;

/**
 * @typedef {object} RoundedParts
 * @property {number} decimals
 * @property {number[]} parts     In units of the last decimal.
 * @property {number} total
 * @property {number} rounding    total − Σ parts.
 */

/**
 * @param {Iterable<number>} parts
 * @param {number} total
 * @param {number} decimals
 * @returns {RoundedParts}
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
 * @param {boolean} [signed]  Whether a positive number has a plus sign.
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
 * Decimals for a layer's numbers: three, or more if the largest number would have fewer than two significant digits otherwise.
 * @param {number} largest
 */
export function decimalsFor(largest) {
  return largest > 0 ? Math.min(6, Math.max(3, 1 - Math.floor(Math.log10(largest)))) : 3;
}

/** A number with all its decimals. @param {number} value */
export function formatExactly(value) {
  return String(value).replace("-", "−");
}
