// @ts-check
import { UnreachableError } from "./http.js";
import { whenReachable } from "./reachability.js";

/**
 * Send one request at a time. While a response is pending the newest request waits, and replaces one that waited before it.
 * So neither the pen nor a pointer that moves over the lens queues up more work than the server can do. If the server cannot be
 * reached, the newest request is sent again when it can be.
 *
 * @template Q, R
 * @param {(request: Q) => Promise<R>} perform
 * @param {{onResponse: (response: R) => void, onFailure: (error: unknown, request: Q) => void}} listener
 * @param {(callback: () => void) => void} [whenBack]  Calls back when the server can be reached again.
 */
export function createDigitChannel(perform, { onResponse, onFailure }, whenBack = whenReachable) {
  let isBusy = false;
  /** @type {{request: Q} | null} */
  let waiting = null;

  /** The request that found no server. @type {{request: Q} | null} */
  let lost = null;

  /** @param {Q} newest */
  async function send(newest) {
    lost = null;
    waiting = { request: newest };
    if (isBusy) return;
    isBusy = true;
    while (waiting) {
      const current = /** @type {{request: Q}} */ (waiting);
      waiting = null;
      try {
        onResponse(await perform(current.request));
      } catch (error) {
        onFailure(error, current.request);
        if (error instanceof UnreachableError && !waiting) resendWhenBack(current);
      }
    }
    isBusy = false;
  }

  /** @param {{request: Q}} failed */
  function resendWhenBack(failed) {
    lost = failed;
    whenBack(() => lost === failed && send(failed.request));
  }

  return {
    /** Whether a response is pending. */
    isBusy: () => isBusy,

    send,
  };
}
