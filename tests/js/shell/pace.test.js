// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { afterEvents } from "../../../static/js/shell/pace.js";

test("things run in their order, in a task after the event, or at once when another event needs them", async () => {
  /** @type {string[]} */
  const ran = [];
  const events = afterEvents();
  events.later(() => ran.push("down"));
  events.later(() => ran.push("up"));
  assert.equal(ran.length, 0);

  events.now();
  assert.deepEqual(ran, ["down", "up"]);

  await new Promise((resolve) => events.later(() => {
    ran.push("alone");
    resolve(null);
  }));
  assert.deepEqual(ran, ["down", "up", "alone"]);
  events.close();
});
