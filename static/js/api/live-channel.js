// @ts-check
/** @import { ActivationsRequest, ActivationsResponse, Digit, Point } from "../types.js" */
/** @import { LiveStatus } from "./live-connection.js" */
import { pace } from "../shell/pace.js";
import { activationsOf, bodyOf } from "./activations.js";
import { createDigitChannel } from "./digit-channel.js";
import { ProblemError, addColors, hasColors } from "./http.js";
import { createLiveConnection, createPendingMessages } from "./live-connection.js";
import { decodeTensors } from "./safetensors.js";

const PAUSE = 12; // Milliseconds between messages: less than a frame, so that what is painted is never a frame old.

/** @typedef {typeof BROWSER} Clock */

const BROWSER = {
  now: () => performance.now(),
  /** @param {() => void} callback  @param {number} milliseconds */
  after: (callback, milliseconds) => Number(setTimeout(callback, milliseconds)),
  /** @param {number} timer */
  cancel: (timer) => clearTimeout(timer),
  random: () => Math.random(),
};

/**
 * Request activations over a WebSocket while the pen moves, and by POST while there is no connection.
 *
 * The server holds the drawing, so a message contains only what was added to it. Several messages may be pending at the same
 * time: if each waited for the response to the one before, a slow network would slow the pen down. Messages and POST requests
 * are numbered in one sequence, and a response that is older than the newest one is dropped.
 *
 * @param {object} options
 * @param {string} options.model
 * @param {number} options.messageBytes  Longer messages are sent by POST.
 * @param {() => WebSocket} options.open
 * @param {(request: ActivationsRequest, sequence: number) => Promise<ActivationsResponse>} options.post
 * @param {(response: ActivationsResponse) => void} options.onResponse
 * @param {(error: unknown) => void} options.onFailure
 * @param {(status: LiveStatus) => void} options.onStatus
 * @param {Clock} [options.clock]
 */
export function createLiveChannel({ model, messageBytes, open, post, onResponse, onFailure, onStatus, clock = BROWSER }) {
  let sequence = 0; // Of the newest request.
  let settled = 0; // The newest request that has a response or an error.
  let shown = 0; // The newest request whose response was passed on.
  /** @type {ActivationsRequest | null} */
  let wanted = null;
  let isWaiting = false; // `wanted` has not been sent yet.
  /** What the server holds for this connection. @type {ActivationsRequest | null} */
  let held = null;

  const connection = createLiveConnection(open, {
    onOpen: requestAgain,
    onMessage: receive,
    onLoss() {
      held = null;
      pending.reset();
      requestAgain();
    },
    onStatus,
  }, clock);
  const pending = createPendingMessages(clock, () => connection.abandon());
  const posts = createDigitChannel(
    (/** @type {{request: ActivationsRequest, number: number}} */ { request, number }) => post(request, number),
    {
      onResponse: accept,
      onFailure(error, { number }) {
        if (error instanceof ProblemError && error.status) settled = Math.max(settled, number);
        onFailure(error);
      },
    },
  );
  const schedule = pace(() => {
    if (isWaiting && wanted) transmit(wanted);
  }, PAUSE, clock);

  /** @param {ActivationsRequest} request */
  function transmit(request) {
    // Live sessions serve only the finished network.
    if (request.training || !connection.isOpen()) {
      connection.connect();
      sendByPost(request);
      return;
    }
    if (!pending.hasRoom()) return; // Sent when the next response arrives.
    if (connection.isFull()) {
      schedule();
      return;
    }
    const text = JSON.stringify({ sequence: sequence + 1, ...changesFrom(held, request, model) });
    if (text.length > messageBytes) {
      sendByPost(request);
      return;
    }
    isWaiting = false;
    sequence += 1;
    connection.send(text);
    held = request;
    pending.add(sequence, request.digit);
  }

  /** @param {ActivationsRequest} request */
  function sendByPost(request) {
    isWaiting = false;
    // Numbered now, not when it is sent: a message may overtake a POST request that waits.
    sequence += 1;
    posts.send({ request, number: sequence });
  }

  /** @param {ActivationsResponse} response */
  function accept(response) {
    settled = Math.max(settled, response.sequence);
    if (response.sequence <= shown) return;
    shown = response.sequence;
    onResponse(response);
  }

  /** @param {string | ArrayBuffer} data */
  function receive(data) {
    if (typeof data === "string") {
      const { sequence: number, problem } = JSON.parse(data);
      settle(number);
      // What the server holds now may not be what was sent.
      held = null;
      if (problem.type.endsWith("/problems/increment-without-base")) requestAgain();
      else onFailure(new ProblemError(problem));
      return;
    }
    const decoded = decodeTensors(data);
    const number = Number(decoded.metadata.sequence);
    const digit = pending.digitOf(number);
    if (!digit) return;
    settle(number);
    const pass = () => accept({ sequence: number, digit, ...activationsOf(decoded) });
    if (hasColors(decoded)) addColors(decoded).then(pass, onFailure);
    else pass();
  }

  /** @param {number} number */
  function settle(number) {
    settled = Math.max(settled, number);
    pending.settle(number);
    if (isWaiting) schedule();
  }

  /** Send the newest request again if it has no response and none will arrive. */
  function requestAgain() {
    if (settled < sequence && !posts.isBusy() && wanted) isWaiting = true;
    if (isWaiting) schedule();
  }

  return {
    /** @param {ActivationsRequest} request */
    send(request) {
      wanted = request;
      isWaiting = true;
      if (request.training) transmit(request);
      else schedule();
    },
  };
}

/**
 * The fields of a message that changes one request into another.
 * @param {ActivationsRequest | null} held  The request that the server holds; null for a new connection.
 * @param {ActivationsRequest} wanted
 * @param {string} model
 */
export function changesFrom(held, { digit, layers }, model) {
  // Half precision is more than a screen's 256 levels can show, and half the bytes.
  if (!held) return { model, dtype: "float16", layers, ...bodyOf(digit) };
  const settings = held.layers.join() === layers.join() ? {} : { layers };
  if (held.digit === digit) return settings;
  return { ...settings, ...(incrementsOf(held.digit, digit) ?? bodyOf(digit)) };
}

/**
 * What was added to a drawing, or null if the newer one does not continue it. Points and strokes are unchanged if they are
 * the same objects.
 * @param {Digit} before
 * @param {Digit} after
 */
function incrementsOf(before, after) {
  if (before.kind !== "strokes" || after.kind !== "strokes") return null;
  const count = before.strokes.length;
  if (after.strokes.length < count || after.strokes.length > count + 1) return null;
  /** @type {{extend?: Point[], begin?: Point[], pen_width?: number}} */
  const increments = {};
  for (const [i, stroke] of before.strokes.entries()) {
    const now = after.strokes[i];
    if (now === stroke) continue;
    if (i < count - 1 || now.length < stroke.length || stroke.some((point, j) => point !== now[j])) return null;
    if (now.length > stroke.length) increments.extend = now.slice(stroke.length);
  }
  if (after.strokes.length > count) increments.begin = after.strokes[count];
  if (after.penWidth !== before.penWidth) increments.pen_width = after.penWidth;
  return increments;
}
