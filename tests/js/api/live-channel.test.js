// The live channel with a socket, a server and a clock that the test controls: nothing waits, and nothing is random.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createLiveChannel } from "../../../static/js/api/live-channel.js";

/** @import { ActivationsRequest, Point, Stroke } from "../../../static/js/types.js" */

const LAYERS = ["relu1"];
const INCREMENT_WITHOUT_BASE = "/problems/increment-without-base";
const SERVER_BUSY = "/problems/server-busy";
/** @type {Point[]} */
const POINTS = Array.from({ length: 2000 }, (_, i) => [i / 100, 0.5]);

/** @param {Stroke[]} strokes  @returns {ActivationsRequest} */
const draw = (...strokes) => ({ digit: { kind: "strokes", strokes, penWidth: 0.065 }, layers: LAYERS });

/** A stroke of the first points of a line. @param {number} count */
const line = (count) => draw(POINTS.slice(0, count));

const settle = () => new Promise((resolve) => setTimeout(resolve));

/** A binary frame. @param {number} sequence */
function frameOf(sequence) {
  const content = { __metadata__: { prediction: "null", framing: "{}", sequence: String(sequence) } };
  const header = new TextEncoder().encode(JSON.stringify(content));
  const bytes = new Uint8Array(8 + header.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
  bytes.set(header, 8);
  return bytes.buffer;
}

/** A socket that opens, responds and closes when the test says so. */
function createSocket() {
  /** @type {any} */
  const socket = {
    /** @type {any[]} */
    sent: [],
    bufferedAmount: 0,
    isClosed: false,
    /** @param {string} text */
    send: (text) => socket.sent.push(JSON.parse(text)),
    close() {
      socket.isClosed = true;
    },
    /** @param {number} sequence */
    respond: (sequence) => socket.onmessage({ data: frameOf(sequence) }),
    /** @param {number} sequence  @param {string} type */
    reject: (sequence, type) => socket.onmessage({ data: JSON.stringify({ sequence, problem: { type, title: type, status: 422 } }) }),
  };
  return socket;
}

function createScene({ open = createSocket } = {}) {
  /** @type {{callback: (() => void) | null, at: number}[]} */
  const timers = [];
  /** @type {any[]} */
  const sockets = [];
  /** @type {{request: ActivationsRequest, sequence: number, respond: () => Promise<unknown>, reject: (error: Error) => void}[]} */
  const posts = [];
  /** @type {number[]} */
  const responses = [];
  /** @type {string[]} */
  const failures = [];
  /** @type {string[]} */
  const statuses = [];
  let now = 0;

  const channel = createLiveChannel({
    model: "cnn",
    messageBytes: 1000,
    clock: {
      now: () => now,
      after: (callback, milliseconds) => timers.push({ callback, at: now + milliseconds }),
      cancel(timer) {
        if (timers[timer - 1]) timers[timer - 1].callback = null;
      },
      random: () => 1,
    },
    open() {
      const socket = open();
      sockets.push(socket);
      return socket;
    },
    post: (request, sequence) => new Promise((resolve, reject) => {
      const respond = () => {
        resolve(/** @type {any} */ ({ sequence, digit: request.digit, tensors: {} }));
        return settle();
      };
      posts.push({ request, sequence, reject, respond });
    }),
    onResponse: ({ sequence }) => responses.push(sequence),
    onFailure: (error) => failures.push(/** @type {Error} */ (error).message),
    onStatus: (status) => statuses.push(status),
  });

  /** @param {number} milliseconds */
  function pass(milliseconds) {
    now += milliseconds;
    for (const timer of timers) {
      const { callback } = timer;
      if (!callback || timer.at > now) continue;
      timer.callback = null;
      callback();
    }
  }

  /** The pause after a message. */
  const pause = () => pass(12);

  /** @param {ActivationsRequest} wanted */
  function request(wanted) {
    channel.send(wanted);
    pause();
  }

  /** The first response comes by POST; then the connection opens. */
  async function connect() {
    request(line(1));
    await posts[0].respond();
    sockets[0].onopen();
    return sockets[0];
  }

  /** Milliseconds until the newest timer ends. */
  const untilTimer = () => /** @type {{at: number}} */ (timers.at(-1)).at - now;

  return { channel, sockets, posts, responses, failures, statuses, pass, pause, request, connect, untilTimer };
}

/** @param {{sequence: number}[]} messages */
const sequencesOf = (messages) => messages.map(({ sequence }) => sequence);

test("the first digit does not wait for the connection", async () => {
  const { request, posts, sockets, pause } = createScene();

  request(line(1));
  await posts[0].respond();
  sockets[0].onopen();
  pause();

  assert.deepEqual(sequencesOf(posts), [1]);
  assert.deepEqual(sockets[0].sent, []);
});

test("by POST, the newest request waits and those between are never sent", async () => {
  const { request, posts } = createScene();

  for (const count of [1, 2, 3, 4]) request(line(count));
  await posts[0].respond();
  await posts[1].respond();

  assert.deepEqual(posts.map((post) => post.request), [line(1), line(4)]);
});

test("a failed POST does not stop the next one", async () => {
  const { request, posts, responses, failures } = createScene();

  request(line(1));
  posts[0].reject(new Error("no"));
  await settle();
  request(line(2));
  await posts[1].respond();

  assert.deepEqual([responses, failures], [[2], ["no"]]);
});

test("a new connection gets the whole digit, and then only what was added", async () => {
  const { connect, request } = createScene();
  const socket = await connect();
  /** @type {Point[]} */
  const [a, b, c, d] = [[0, 0], [0.1, 0], [0.2, 0], [0.3, 0]];
  const first = [a, b, c];

  request(draw([a]));
  request(draw(first));
  request(draw(first, [d]));
  socket.respond(4);
  request(draw(first, [d, a, b]));

  assert.deepEqual(socket.sent, [
    { sequence: 2, model: "cnn", dtype: "float16", layers: ["relu1"], strokes: [[[0, 0]]], pen_width: 0.065 },
    { sequence: 3, extend: [[0.1, 0], [0.2, 0]] },
    { sequence: 4, begin: [[0.3, 0]] },
    { sequence: 5, extend: [[0, 0], [0.1, 0]] },
  ]);
});

test("the first point is sent at once, and those of the following pause in one message", async () => {
  const { connect, request, channel, pass } = createScene();
  const socket = await connect();

  request(line(1));
  for (const count of [2, 3, 4, 5]) channel.send(line(count));
  pass(11);
  const atOnce = socket.sent.slice(1);
  pass(1);
  pass(12);

  assert.deepEqual(atOnce, [{ sequence: 3, extend: [[0.01, 0.5]] }]);
  assert.deepEqual(socket.sent.slice(2), [{ sequence: 4, extend: [[0.02, 0.5], [0.03, 0.5], [0.04, 0.5]] }]);
});

test("several messages are pending; then the newest drawing waits and is sent in one message", async () => {
  const { connect, request, pause } = createScene();
  const socket = await connect();

  for (let count = 1; count <= 30; count += 1) request(line(count));
  const pending = socket.sent.length;
  socket.respond(2);
  pause();

  assert.equal(pending, 8);
  const [{ sequence, extend }, ...others] = socket.sent.slice(pending);
  assert.deepEqual([sequence, extend.length, others], [10, 30 - 8, []]);
});

test("more messages may be pending after fast responses, and fewer when a queue builds up", async () => {
  const scene = createScene();
  const socket = await scene.connect();
  let count = 1;
  const fill = () => {
    const before = socket.sent.length;
    for (let i = 0; i < 40; i += 1) scene.request(line(count += 1));
    return socket.sent.length - before;
  };
  const respondToAll = (/** @type {number} */ milliseconds) => {
    scene.pass(milliseconds);
    const newest = socket.sent.at(-1).sequence;
    for (let number = Math.max(2, newest - 20); number <= newest; number += 1) socket.respond(number);
    scene.pause();
  };

  fill();
  for (let i = 0; i < 3; i += 1) {
    respondToAll(20);
    fill();
  }
  respondToAll(20);
  const fast = fill();
  for (let i = 0; i < 6; i += 1) {
    respondToAll(2000);
    fill();
  }
  respondToAll(2000);
  const slow = fill();

  // Of 16 and 2 that may be pending, one may already have been sent when the room is filled.
  assert.ok([15, 16].includes(fast), String(fast));
  assert.ok([1, 2].includes(slow), String(slow));
});

test("nothing is sent while the socket's buffer is full", async () => {
  const { connect, request, pause } = createScene();
  const socket = await connect();

  socket.bufferedAmount = 1e6;
  request(line(1));
  pause();
  const whileFull = socket.sent.length;
  socket.bufferedAmount = 0;
  pause();

  assert.deepEqual([whileFull, socket.sent.length], [0, 1]);
});

test("a long message is sent by POST, and the connection keeps its digit", async () => {
  const { connect, request, posts } = createScene();
  const socket = await connect();

  request(line(1));
  request({ digit: { kind: "image", name: "a.png", base64: "A".repeat(2000) }, layers: LAYERS });
  request(line(2));

  assert.deepEqual(sequencesOf(posts), [1, 3]);
  assert.deepEqual(socket.sent.slice(1), [{ sequence: 4, extend: [[0.01, 0.5]] }]);
});

test("a response that was overtaken is dropped, by POST or by socket", async () => {
  const { request, posts, sockets, responses } = createScene();

  request(line(1)); // 1, a slow POST
  request(line(2)); // 2, a POST that waits for the first
  sockets[0].onopen();
  request(line(3)); // 3, a message
  sockets[0].respond(3);
  await posts[0].respond();
  await posts[1].respond();

  assert.deepEqual(responses, [3]);
});

test("a response settles the messages before it", async () => {
  const { connect, request, pause } = createScene();
  const socket = await connect();

  for (let count = 1; count <= 8; count += 1) request(line(count));
  socket.respond(9);
  pause();
  for (let count = 9; count <= 12; count += 1) request(line(count));

  assert.equal(socket.sent.length, 12);
});

test("after a lost connection the request is sent again by POST, until the connection is back", async () => {
  const { connect, request, posts, pause, pass, sockets, statuses } = createScene();
  const socket = await connect();

  request(line(2));
  socket.onclose({ code: 1006 });
  pause();
  await posts[1].respond();
  request(line(3));
  await posts[2].respond();
  pass(500);
  sockets[1].onopen();
  request(line(4));

  assert.deepEqual(sequencesOf(posts), [1, 3, 4]);
  assert.deepEqual(statuses, ["live", "reconnecting", "live"]);
  const [{ sequence, strokes }, ...others] = sockets[1].sent;
  assert.deepEqual([sequence, strokes[0].length, others], [5, 4, []]);
});

test("pauses between attempts to connect double up to a maximum", () => {
  const scene = createScene();
  scene.request(line(1));

  const pauses = [];
  for (let attempt = 0; attempt < 8; attempt += 1) {
    scene.sockets.at(-1).onclose({ code: 1006 });
    pauses.push(scene.untilTimer());
    scene.pass(scene.untilTimer());
  }

  assert.deepEqual(pauses, [500, 1000, 2000, 4000, 8000, 15000, 15000, 15000]);
  assert.deepEqual(scene.statuses, [...Array(3).fill("reconnecting"), ...Array(5).fill("fallback")]);
});

test("the attempts are counted from the last response, not from the last connection", async () => {
  const scene = createScene();
  /** @type {number[]} */
  const pauses = [];
  const lose = () => {
    scene.sockets.at(-1).onclose({ code: 1006 });
    pauses.push(scene.untilTimer());
    scene.pass(15000);
  };

  await scene.connect();
  lose();
  scene.sockets[1].onopen();
  lose();
  scene.sockets[2].onopen();
  scene.request(line(2));
  scene.sockets[2].respond(2);
  lose();

  assert.deepEqual(pauses, [500, 1000, 500]);
});

test("a connection closed because it was idle is opened again by the next request", async () => {
  const { connect, request, pass, sockets, posts, statuses } = createScene();
  const socket = await connect();

  socket.onclose({ code: 1000 });
  pass(60_000);
  const before = sockets.length;
  request(line(2));

  assert.deepEqual([before, sockets.length, posts.length], [1, 2, 2]);
  assert.deepEqual(statuses, ["live"]);
});

test("a connection without any response for five seconds is closed, and the request sent by POST", async () => {
  const { connect, request, pass, pause, posts } = createScene();
  const socket = await connect();

  request(line(2));
  pass(4000);
  pause();
  const before = [socket.isClosed, posts.length];
  pass(1000);
  pause();

  assert.deepEqual(before, [false, 1]);
  assert.deepEqual([socket.isClosed, posts.length], [true, 2]);
});

test("responses of a connection that was given up are ignored", async () => {
  const { connect, request, pass, responses, failures } = createScene();
  const socket = await connect();

  request(line(2));
  pass(5000);
  socket.respond(2);
  socket.reject(2, SERVER_BUSY);

  assert.deepEqual([responses, failures], [[1], []]);
});

test("after a reconnection as many messages may be pending as at first", async () => {
  const { connect, request, pass, sockets } = createScene();
  const socket = await connect();

  for (let count = 1; count <= 8; count += 1) request(line(count));
  socket.onclose({ code: 1006 });
  pass(500);
  sockets[1].onopen();
  for (let count = 9; count <= 20; count += 1) request(line(count));

  assert.equal(sockets[1].sent.length, 8);
});

test("an error is shown, and the next message contains the whole digit", async () => {
  const { connect, request, failures } = createScene();
  const socket = await connect();

  request(line(1));
  socket.reject(2, SERVER_BUSY);
  request(line(2));

  assert.deepEqual(failures, [SERVER_BUSY]);
  assert.equal(socket.sent.at(-1).strokes.length, 1);
});

test("an increment after a rejected message is not reported, but sent again as a whole", async () => {
  const { connect, request, pause, failures } = createScene();
  const socket = await connect();

  request(line(1));
  request(line(2));
  socket.reject(2, SERVER_BUSY);
  socket.reject(3, INCREMENT_WITHOUT_BASE);
  pause();

  assert.deepEqual(failures, [SERVER_BUSY]);
  assert.equal(socket.sent.length, 2);
});

test("without WebSockets all requests are sent by POST", async () => {
  const { request, posts, responses, statuses } = createScene({
    open() {
      throw new Error("no sockets here");
    },
  });

  request(line(1));
  await posts[0].respond();
  request(line(2));
  await posts[1].respond();

  assert.deepEqual(responses, [1, 2]);
  assert.deepEqual(statuses, ["reconnecting"]);
});

test("after a reconnection a request that failed is sent again", async () => {
  const { connect, request, posts, pass, pause, sockets } = createScene();
  const socket = await connect();

  socket.onclose({ code: 1012 });
  request(line(2));
  posts[1].reject(new Error("gone"));
  await settle();
  pass(500);
  sockets[1].onopen();
  pause();

  const [{ sequence, strokes }, ...others] = sockets[1].sent;
  assert.deepEqual([sequence, strokes[0].length, others], [3, 2, []]);
});
