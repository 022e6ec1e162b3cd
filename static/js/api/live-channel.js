// @ts-check
/** @import { Answer, Digit, Point, Question } from "../types.js" */
import { pace } from "../pace.js";
import { answerOf, bodyOf, ProblemError } from "./http.js";
import { decodeTensors } from "./safetensors.js";

/** How answers come: at once; by requests until the connection is back; or by requests. @typedef {"live" | "reconnecting" | "fallback"} LiveStatus */

const PAUSE = 12; // Milliseconds between messages: less than a frame, so that what is painted is never a frame old.
const MOST_UNANSWERED = 16; // A quarter of a second of frames: more delay than that is no longer live.
const FEWEST_UNANSWERED = 2; // One is computed while the other travels.
const SLOWER = 50; // Milliseconds above twice the quickest answer that mean a queue somewhere on the way.
const BUFFERED_BYTES = 16_384;
const PATIENCE = 5_000; // Milliseconds without any answer: the network is gone, though nobody said so.
const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15_000;
const HOPEFUL_ATTEMPTS = 3;
const IDLE = 1000; // Closed because nothing was drawn for long: nothing is wrong.

const BROWSER = {
  now: () => performance.now(),
  /** @param {() => void} callback  @param {number} milliseconds */
  after: (callback, milliseconds) => Number(setTimeout(callback, milliseconds)),
  /** @param {number} timer */
  cancel: (timer) => clearTimeout(timer),
  random: () => Math.random(),
};

/**
 * Ask over a WebSocket while the pen moves, and by single requests while there is none.
 *
 * The server holds the drawing, so only what was added goes up. A message goes when the pen moves, several may be under
 * way: waiting for each answer would make a slow network a slow pen. All questions, whichever way they go,
 * count from one sequence, and an answer older than the newest one is dropped.
 *
 * @param {object} options
 * @param {string} options.model
 * @param {number} options.messageBytes  Longer messages go as requests.
 * @param {() => WebSocket} options.open
 * @param {(question: Question, sequence: number) => Promise<Answer>} options.post
 * @param {(answer: Answer) => void} options.onAnswer
 * @param {(error: unknown) => void} options.onFailure
 * @param {(status: LiveStatus) => void} options.onStatus
 * @param {typeof BROWSER} [options.clock]
 */
export function createLiveChannel({ model, messageBytes, open, post, onAnswer, onFailure, onStatus, clock = BROWSER }) {
  let sequence = 0; // Of the newest question.
  let settled = 0; // The newest question that was answered or refused.
  let painted = 0;
  /** @type {Question | null} */
  let wanted = null;
  let waiting = false; // What is wanted has not been asked yet.
  let posting = false;
  /** @type {{question: Question, number: number} | null} */
  let turn = null;

  /** @type {WebSocket | null} */
  let socket = null;
  let isOpen = false;
  /** What the server holds for this connection. @type {Question | null} */
  let held = null;
  /** @type {Map<number, {at: number, digit: Digit}>} */
  const unanswered = new Map();
  let room = FEWEST_UNANSWERED;
  let quickest = Infinity;
  let attempts = 0;
  let retry = 0;
  let watchdog = 0;

  /** @param {Question} question */
  function send(question) {
    wanted = question;
    waiting = true;
    if (question.training) ask(question);
    else schedule();
  }

  const schedule = pace(() => {
    if (waiting && wanted) ask(wanted);
  }, PAUSE, clock);

  /** @param {Question} question */
  function ask(question) {
    // Live sessions know the finished network alone.
    if (question.training || !isOpen || !socket) {
      if (!socket && !retry) connect();
      request(question);
      return;
    }
    if (unanswered.size >= room) return; // The next answer makes room.
    if (socket.bufferedAmount > BUFFERED_BYTES) {
      schedule();
      return;
    }
    const text = JSON.stringify({ sequence: sequence + 1, ...changesFrom(held, question, model) });
    if (text.length > messageBytes) {
      request(question);
      return;
    }
    waiting = false;
    sequence += 1;
    socket.send(text);
    held = question;
    unanswered.set(sequence, { at: clock.now(), digit: question.digit });
    watchdog ||= clock.after(giveUp, PATIENCE);
  }

  /** One request at a time: the newest waits, those between are never asked. @param {Question} question */
  async function request(question) {
    waiting = false;
    // Numbered here and not when its turn comes: a message may overtake a request that waits.
    sequence += 1;
    turn = { question, number: sequence };
    if (posting) return;
    posting = true;
    while (turn) {
      const { question: asked, number } = /** @type {{question: Question, number: number}} */ (turn);
      turn = null;
      try {
        accept(await post(asked, number));
      } catch (error) {
        if (error instanceof ProblemError && error.status) settled = Math.max(settled, number);
        onFailure(error);
      }
    }
    posting = false;
  }

  /** @param {Answer} answer */
  function accept(answer) {
    settled = Math.max(settled, answer.sequence);
    if (answer.sequence <= painted) return;
    painted = answer.sequence;
    onAnswer(answer);
  }

  function connect() {
    retry = 0;
    let opening;
    try {
      opening = open();
    } catch {
      lose();
      return;
    }
    const own = opening;
    socket = own;
    own.binaryType = "arraybuffer";
    own.onopen = () => {
      if (own !== socket) return;
      isOpen = true;
      room = MOST_UNANSWERED / 2;
      quickest = Infinity;
      onStatus("live");
      askAgain();
    };
    own.onmessage = ({ data }) => {
      if (own === socket) hear(data);
    };
    own.onclose = ({ code }) => {
      if (own === socket) lose(code === IDLE);
    };
  }

  /** @param {string | ArrayBuffer} data */
  function hear(data) {
    attempts = 0;
    if (typeof data === "string") {
      const { sequence: number, problem } = JSON.parse(data);
      settle(number);
      // What the server holds now may not be what was sent.
      held = null;
      if (problem.type === "/problems/increment-without-base") askAgain();
      else onFailure(new ProblemError(problem));
      return;
    }
    const decoded = decodeTensors(data);
    const number = Number(decoded.metadata.sequence);
    const question = unanswered.get(number);
    if (!question) return;
    adapt(clock.now() - question.at);
    settle(number);
    accept(answerOf(decoded, number, question.digit));
  }

  /** An answer or a refusal settles every question before it too. @param {number} number */
  function settle(number) {
    settled = Math.max(settled, number);
    for (const older of unanswered.keys()) if (older <= number) unanswered.delete(older);
    clock.cancel(watchdog);
    watchdog = unanswered.size ? clock.after(giveUp, PATIENCE) : 0;
    if (waiting) schedule();
  }

  /**
   * Keep as many messages under way as the path needs, and no more: what a queue holds is old before it arrives.
   * @param {number} took  Milliseconds from message to answer.
   */
  function adapt(took) {
    quickest = Math.min(took, quickest * 1.01); // It grows a little, for a path may become longer.
    room += took > 2 * quickest + SLOWER ? -1 : 1;
    room = Math.min(MOST_UNANSWERED, Math.max(FEWEST_UNANSWERED, room));
  }

  /** Whatever was wanted last and has no answer, and none under way that will come. */
  function askAgain() {
    if (settled < sequence && !posting && wanted) waiting = true;
    if (waiting) schedule();
  }

  function giveUp() {
    const dead = socket;
    lose();
    dead?.close();
  }

  /** @param {boolean} [quietly]  Come back only when there is something to ask. */
  function lose(quietly = false) {
    socket = null;
    isOpen = false;
    held = null;
    unanswered.clear();
    clock.cancel(watchdog);
    watchdog = 0;
    if (!quietly) {
      attempts += 1;
      onStatus(attempts > HOPEFUL_ATTEMPTS ? "fallback" : "reconnecting");
      // By chance earlier or later, so that not everybody comes back at once.
      const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** (attempts - 1));
      retry = clock.after(connect, pause * (0.5 + 0.5 * clock.random()));
    }
    askAgain();
  }

  return { send };
}

/**
 * What to tell a server that holds one question, so that it holds another.
 * @param {Question | null} held  Null for a new connection.
 * @param {Question} wanted
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
 * What one drawing has more than another, if it continues it. Points and strokes that did not change are known by
 * being the same objects.
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
