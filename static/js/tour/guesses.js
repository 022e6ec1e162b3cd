// @ts-check
// Guesses, whether they were right, and the score. Uses neither elements nor requests.

export const CLAIMS = 7;
/** The claim at which a position is guessed, not a number. */
export const POSITION_CLAIM = 5;
const NEAR = 3; // Pixels from the right position that still count: half a kernel, and a little.

/** @typedef {{row: number, column: number}} Position */

/**
 * A visitor's guess at one claim. Only the first counts.
 * @typedef {object} Guess
 * @property {number} value        A number; at the claim about a position, row × width + column.
 * @property {boolean | null} right  Null until the number is measured.
 * @property {string} words        The verdict.
 */

/** By number of the claim. @typedef {Record<number, Guess>} Guesses */

/**
 * The right choice is the one nearest to what was measured.
 * @param {number} value
 * @param {number} measured
 * @param {number[]} choices
 * @returns {Guess}
 */
export function judgeNumber(value, measured, choices) {
  const nearest = choices.reduce((best, choice) => (Math.abs(choice - measured) < Math.abs(best - measured) ? choice : best));
  const right = value === nearest;
  return { value, right, words: right ? "Right:" : `Not ${value.toLocaleString("en")}:` };
}

/**
 * @param {number} value
 * @param {Position} measured
 * @param {number} width  Columns of the map.
 * @returns {Guess}
 */
export function judgePosition(value, { row, column }, width) {
  const distance = Math.hypot(Math.floor(value / width) - row, (value % width) - column);
  const right = distance <= NEAR;
  const far = distance === 1 ? "1 pixel" : `${Number(distance.toFixed(1))} pixels`;
  return { value, right, words: distance === 0 ? "Right, exactly there." : right ? `Right, ${far} away.` : `Not there: ${far} away.` };
}

/**
 * @param {Guesses} guesses
 * @returns {string} Empty before the first guess.
 */
export function describeScore(guesses) {
  const all = Object.values(guesses);
  return all.length ? `${all.filter(({ right }) => right).length} of ${all.length} guessed right` : "";
}

/**
 * The claim that an address names.
 * @param {URLSearchParams} fields
 */
export function claimOf(fields) {
  const given = Number(fields.get("claim"));
  return Number.isInteger(given) && given >= 1 && given <= CLAIMS + 1 ? given : 1;
}

/**
 * Guesses as they were stored, without what is damaged.
 * @param {string | null} text
 * @returns {Guesses}
 */
export function readGuesses(text) {
  /** @type {Guesses} */
  const guesses = {};
  try {
    for (const [claim, { value, right, words }] of Object.entries(JSON.parse(text ?? "{}"))) {
      const number = Number(claim);
      if (!(number >= 1 && number <= CLAIMS) || !Number.isInteger(value) || typeof words !== "string") continue;
      guesses[number] = { value, right: typeof right === "boolean" ? right : null, words };
    }
  } catch {
    return {};
  }
  return guesses;
}
