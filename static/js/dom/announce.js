// @ts-check
import { setText } from "./find.js";

const PAUSE = 600; // Milliseconds without a new message before speaking, so that a moving pen does not cause ten sentences a second.

/**
 * Send messages to screen readers after a pause; only the newest is spoken, and the same one is not repeated.
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
