import assert from "node:assert/strict";
import { test } from "node:test";
import { createDigitChannel } from "../../../static/js/api/digit-channel.js";
import { ProblemError, UnreachableError } from "../../../static/js/api/http.js";

test("the newest request waits, and those between are never sent", async () => {
  /** @type {string[]} */
  const sent = [];
  /** @type {((response: unknown) => void)[]} */
  const pending = [];
  const channel = createDigitChannel((/** @type {string} */ request) => {
    sent.push(request);
    return new Promise((resolve) => pending.push(resolve));
  }, { onResponse() {}, onFailure() {} });

  for (const request of ["a", "b", "c", "d"]) channel.send(request);
  pending[0]("first");
  await new Promise((resolve) => setTimeout(resolve));

  assert.deepEqual(sent, ["a", "d"]);
  assert.equal(channel.isBusy(), true);
});

test("a failed request is reported and does not stop the next one", async () => {
  /** @type {string[]} */
  const log = [];
  const channel = createDigitChannel(
    async (/** @type {string} */ request) => {
      if (request === "bad") throw new Error("no");
      return request;
    },
    { onResponse: (response) => log.push(response), onFailure: (error, request) => log.push(`${request}: ${error}`) },
  );

  await channel.send("bad");
  await channel.send("good");

  assert.deepEqual(log, ["bad: Error: no", "good"]);
  assert.equal(channel.isBusy(), false);
});

/** A channel whose server is away until `isBack`, and what was received. @param {() => Error} failure */
function createScene(failure) {
  const server = { isBack: false };
  /** @type {(() => void)[]} */
  const waiting = [];
  /** @type {string[]} */
  const log = [];
  const channel = createDigitChannel(
    async (/** @type {string} */ request) => {
      if (!server.isBack) throw failure();
      return request;
    },
    { onResponse: (response) => log.push(response), onFailure: (_error, request) => log.push(`no ${request}`) },
    (callback) => waiting.push(callback),
  );
  return { channel, server, waiting, log };
}

test("the newest request is sent again when the server is back, once", async () => {
  const { channel, server, waiting, log } = createScene(() => new UnreachableError());

  await channel.send("a");
  await channel.send("b");
  server.isBack = true;
  for (const callback of waiting) callback();
  await new Promise((resolve) => setTimeout(resolve));

  assert.deepEqual(log, ["no a", "no b", "b"]);
});

test("a request that the server has rejected is not sent again", async () => {
  const { channel, waiting } = createScene(() => new ProblemError({ title: "Too large", status: 413 }));

  await channel.send("a");

  assert.deepEqual(waiting, []);
});
