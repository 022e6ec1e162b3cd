// @ts-check
// Waits for a server that cannot be reached, once for the whole page, however many requests have failed.
import { healthAddress } from "./address.js";
import { UnreachableError } from "./http.js";

const FIRST_PAUSE = 500; // Milliseconds before the first attempt; doubled before each further one.
const LONGEST_PAUSE = 8_000;

/** @type {Set<() => void>} */
const waiting = new Set();
let pause = FIRST_PAUSE;
let timer = 0;

/** Whether the server responds. */
export async function isReachable() {
  try {
    return (await fetch(healthAddress(), { cache: "no-store" })).ok;
  } catch {
    return false;
  }
}

/**
 * Call back once, when the server responds again.
 * @param {() => void} callback
 */
export function whenReachable(callback) {
  waiting.add(callback);
  timer ||= Number(setTimeout(attempt, pause));
}

async function attempt() {
  if (await isReachable()) {
    timer = 0;
    pause = FIRST_PAUSE;
    const callbacks = [...waiting];
    waiting.clear();
    for (const callback of callbacks) callback();
    return;
  }
  // Randomly shortened, so that not all pages of a class come back in the same moment.
  pause = Math.min(LONGEST_PAUSE, 2 * pause);
  timer = Number(setTimeout(attempt, pause * (0.5 + 0.5 * Math.random())));
}

/**
 * Load what a page needs once. If the server cannot be reached, report it and load again when it can.
 * @template R
 * @param {() => Promise<R>} load
 * @param {(error: unknown) => void} onFailure  Called for a server that cannot be reached; other errors are thrown.
 * @returns {Promise<R>}
 */
export async function persist(load, onFailure) {
  for (;;) {
    try {
      return await load();
    } catch (error) {
      if (!(error instanceof UnreachableError)) throw error;
      onFailure(error);
      await new Promise((resolve) => whenReachable(() => resolve(undefined)));
    }
  }
}
