// @ts-check
import { setText } from "../dom.js";

const PAUSE = 600; // Milliseconds without news before speaking: while the pen moves nobody wants ten sentences a second.

/**
 * Speak to screen readers when things have settled; the last message wins, and the same one is not repeated.
 * @param {HTMLElement} region  An aria-live region.
 * @returns {(message: string) => void}
 */
export function createAnnouncer(region) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  return (message) => {
    clearTimeout(timer);
    timer = setTimeout(() => setText(region, message), PAUSE);
  };
}
