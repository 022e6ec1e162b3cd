// @ts-check
// The WebSocket of the live channel, and the messages on it that have no response yet.
/** @import { Digit } from "../types.js" */
/** @import { Clock } from "./live-channel.js" */

/**
 * How requests are sent: over the WebSocket; by POST until the connection is back; or by POST, because several attempts to
 * connect have failed.
 * @typedef {"live" | "reconnecting" | "fallback"} LiveStatus
 */

const BUFFERED_BYTES = 16_384;
const FIRST_PAUSE = 500; // Milliseconds before the first new attempt; doubled before each further one.
const LONGEST_PAUSE = 15_000;
const HOPEFUL_ATTEMPTS = 3;
const MOST_PENDING = 16; // A quarter of a second of frames: with more delay than that the page is no longer live.
const FEWEST_PENDING = 2; // One is computed while the other is transmitted.
const SLOWER = 50; // A response this many milliseconds above twice the shortest time has waited in a queue.
const TIMEOUT = 5_000; // Milliseconds without any response after which the connection is taken to be lost.
const IDLE = 1000; // Close code of a connection on which nothing was drawn for a long time; it is not an error.

/**
 * A WebSocket that reconnects when it is lost. One that was closed because it was idle is opened again by `connect`.
 * @param {() => WebSocket} open
 * @param {object} listener
 * @param {() => void} listener.onOpen
 * @param {(data: string | ArrayBuffer) => void} listener.onMessage
 * @param {() => void} listener.onLoss
 * @param {(status: LiveStatus) => void} listener.onStatus
 * @param {Clock} clock
 */
export function createLiveConnection(open, { onOpen, onMessage, onLoss, onStatus }, clock) {
  /** @type {WebSocket | null} */
  let socket = null;
  let isOpen = false;
  let attempts = 0; // Since the last response.
  let retry = 0;

  function connectNow() {
    retry = 0;
    try {
      socket = open();
    } catch {
      lose();
      return;
    }
    const own = socket;
    own.binaryType = "arraybuffer";
    own.onopen = () => {
      if (own !== socket) return;
      isOpen = true;
      onStatus("live");
      onOpen();
    };
    own.onmessage = ({ data }) => {
      if (own !== socket) return;
      attempts = 0;
      onMessage(data);
    };
    own.onclose = ({ code }) => {
      if (own === socket) lose(code === IDLE);
    };
  }

  function lose(isIdle = false) {
    socket = null;
    isOpen = false;
    if (!isIdle) {
      attempts += 1;
      onStatus(attempts > HOPEFUL_ATTEMPTS ? "fallback" : "reconnecting");
      // Randomly shortened, so that not all clients reconnect at the same time.
      const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempts - 1));
      retry = clock.after(connectNow, pause * (0.5 + 0.5 * clock.random()));
    }
    onLoss();
  }

  return {
    isOpen: () => isOpen,

    /** Whether the browser still has messages to transmit. */
    isFull: () => (socket?.bufferedAmount ?? 0) > BUFFERED_BYTES,

    /** Open the connection, unless there is one or a new attempt is planned. */
    connect() {
      if (!socket && !retry) connectNow();
    },

    /** @param {string} text */
    send: (text) => socket?.send(text),

    /** Close the connection, on which nothing arrives any more, and reconnect. */
    abandon() {
      const dead = socket;
      lose();
      dead?.close();
    },
  };
}

/**
 * Pending messages, and how many of them there may be.
 * @param {Clock} clock
 * @param {() => void} onTimeout  No response arrived for five seconds.
 */
export function createPendingMessages(clock, onTimeout) {
  /** @type {Map<number, {at: number, digit: Digit}>} */
  const pending = new Map();
  let room = MOST_PENDING / 2;
  let shortest = Infinity;
  let timer = 0;

  /**
   * Allow as many pending messages as keep the connection busy and no more: a queue only makes responses older.
   * @param {number} took  Milliseconds from message to response.
   */
  function adapt(took) {
    shortest = Math.min(took, shortest * 1.01); // It grows a little, because the path may become longer.
    room += took > 2 * shortest + SLOWER ? -1 : 1;
    room = Math.min(MOST_PENDING, Math.max(FEWEST_PENDING, room));
  }

  return {
    hasRoom: () => pending.size < room,

    /** @param {number} number  @param {Digit} digit */
    add(number, digit) {
      pending.set(number, { at: clock.now(), digit });
      timer ||= clock.after(onTimeout, TIMEOUT);
    },

    /** The digit of a message whose response has arrived; null if the message is not pending. @param {number} number */
    digitOf(number) {
      const message = pending.get(number);
      if (!message) return null;
      adapt(clock.now() - message.at);
      return message.digit;
    },

    /** A response or an error settles its message and all before it. @param {number} number */
    settle(number) {
      for (const older of pending.keys()) if (older <= number) pending.delete(older);
      clock.cancel(timer);
      timer = pending.size ? clock.after(onTimeout, TIMEOUT) : 0;
    },

    /** For a new connection. */
    reset() {
      pending.clear();
      clock.cancel(timer);
      timer = 0;
      room = MOST_PENDING / 2;
      shortest = Infinity;
    },
  };
}
