// @ts-check
// What people read when something fails: sentences that say what happened and what to do, never the address of a
// module or a programmer's message.
/** @import { Digit, Framing } from "../types.js" */
import { ProblemError, UnreachableError } from "../api/http.js";
import { linkProblem } from "./url.js";

/** Something that the visitor should know, and no fault: a gesture without an effect, a link that cannot be read. */
export class Notice extends Error {
  /**
   * @param {string} sentence
   * @param {{lasts?: boolean}} [options]  Whether it stays until it is dismissed; else until the next response.
   */
  constructor(sentence, { lasts = false } = {}) {
    super(sentence);
    this.lasts = lasts;
  }
}

/** A file of the page that the server does not have, although it can be reached. */
export class MissingPartError extends Error {}

export const UNREACHABLE = "The server cannot be reached. The page shows the last response, and continues by itself when the server is back.";
export const OLDER_PAGE = "This page is from another version of Kernelscope than the server. Reload it; your digit is kept.";
export const UNEXPECTED = "Something went wrong on this page. If it does not continue, reload it; your digit is kept.";

// Chromium, Firefox and WebKit, of a module that cannot be loaded.
const IMPORT_FAILED = /dynamically imported module|importing a module script failed/i;

/**
 * @typedef {object} Failure
 * @property {string} sentence
 * @property {boolean} lasts      Whether it stays when a request succeeds.
 * @property {boolean} canReload  Whether reloading the page helps.
 * @property {boolean} isOurs     Whether a programmer should see the error, too.
 */

/**
 * @param {unknown} error
 * @param {boolean} isServerThere  Whether the server can be reached; ignored for responses of the server.
 * @returns {Failure}
 */
export function describeFailure(error, isServerThere) {
  if (error instanceof Notice) return { sentence: error.message, lasts: error.lasts, canReload: false, isOurs: false };
  if (error instanceof UnreachableError) return { sentence: UNREACHABLE, lasts: false, canReload: false, isOurs: false };
  if (error instanceof ProblemError) return { sentence: error.message, lasts: false, canReload: false, isOurs: false };
  if (error instanceof MissingPartError || (error instanceof Error && IMPORT_FAILED.test(error.message))) {
    return isServerThere
      ? { sentence: OLDER_PAGE, lasts: true, canReload: true, isOurs: false }
      : { sentence: UNREACHABLE, lasts: false, canReload: false, isOurs: false };
  }
  return { sentence: UNEXPECTED, lasts: true, canReload: true, isOurs: true };
}

/** Say why a link cannot be shown, if it cannot. @param {(error: unknown) => void} fail  @param {string} hash */
export function reportLinkProblem(fail, hash) {
  const problem = linkProblem(hash);
  if (problem) fail(new Notice(problem, { lasts: true }));
}

/** The request needs a class, and a blank digit has no prediction to take. */
export const UNLABELED = "digit-unlabeled";

/**
 * Why the server rejected an upload; null if the error is another one.
 * @param {unknown} error
 * @param {Digit} digit
 */
export function rejectedUpload(error, digit) {
  const isRejected = error instanceof ProblemError && error.status >= 400 && error.status < 500 && error.slug !== UNLABELED;
  return isRejected && digit.kind === "image" ? new Notice(`${digit.name}: ${error.message}`, { lasts: true }) : null;
}

/** Also said of what was left out of an image that is not blank. @type {Record<string, string>} */
export const REMOVED = { surroundings: "surroundings", shadow: "shadow", ruling: "ruled lines", edge: "edges", specks: "specks", "marks apart": "small marks" };

/**
 * Why an upload is blank; null if it is not.
 * @param {Digit} digit
 * @param {Framing} framing
 */
export function blankUpload(digit, { applied, crop, removed }) {
  if (digit.kind !== "image" || applied === "none" || crop) return null;
  const left = Object.entries(REMOVED).flatMap(([kind, words]) => (removed.includes(kind) ? words : []));
  const reason = digit.adjustment?.threshold ? "with this threshold nothing in it is ink"
    : left.length ? `all that it shows was taken for ${left.join(" and ")}` : "nothing in it is clearly darker or lighter than its ground";
  return new Notice(`${digit.name} is blank for the network: ${reason}. “Adjust image” lets you choose the part and the threshold.`, { lasts: true });
}
