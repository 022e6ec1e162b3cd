import assert from "node:assert/strict";
import { test } from "node:test";
import { createEvidenceLoop } from "../../../../static/js/network/picture/evidence-loop.js";

/** @param {number} number  @returns {any} */
const digit = (number) => ({ kind: "sample", index: number });
/** @param {number} milliseconds */
const after = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

function recorded() {
  /** @type {{index: number, steps: number, at: number}[]} */
  const requests = [];
  const loop = createEvidenceLoop(async (/** @type {any} */ of, /** @type {any} */ { steps }) => {
    requests.push({ index: of.index, steps, at: performance.now() });
    return /** @type {any} */ ({});
  }, { onEvidence() {}, onFailure(error) { throw error; } });
  const finished = async () => {
    while (requests.at(-1)?.steps !== 32) await after(10);
    return requests;
  };
  return { loop, requests, finished };
}

test("the first digit has its evidence in all steps at once", async () => {
  const { loop, finished } = recorded();

  loop.follow({ digit: digit(0), label: 3 });

  assert.deepEqual((await finished()).map(({ index, steps }) => [index, steps]), [[0, 32]]);
});

test("while the digit changes, evidence is requested in few steps and seldom, and in all steps when it rests", async () => {
  const { loop, requests, finished } = recorded();
  loop.follow({ digit: digit(0), label: 3 });
  await finished();
  requests.length = 0;

  for (let number = 1; number <= 45; number += 1) {
    loop.follow({ digit: digit(number), label: 3 });
    await after(20);
  }

  const all = await finished();
  const moving = all.slice(0, -1);
  assert.equal(all[all.length - 1].index, 45);
  assert.ok(moving.length >= 2 && moving.every(({ steps }) => steps === 8));
  assert.ok(moving.slice(1).every(({ at }, i) => at - moving[i].at > 300));
});

test("another class of the same digit is explained at once", async () => {
  const { loop, requests, finished } = recorded();
  loop.follow({ digit: digit(0), label: 3 });
  await finished();
  const same = digit(1);
  loop.follow({ digit: same, label: 3 });
  requests.length = 0;

  loop.follow({ digit: same, label: 5 });

  assert.equal((await finished())[0].steps, 32);
});

test("the first point after a blank page belongs to a moving pen", async () => {
  const { loop, requests, finished } = recorded();
  loop.follow({ digit: digit(0), label: 3 });
  await finished();
  loop.stop();
  requests.length = 0;

  loop.follow({ digit: digit(1), label: 3 });

  assert.deepEqual((await finished()).map(({ steps }) => steps), [8, 32]);
});
