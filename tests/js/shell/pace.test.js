import assert from "node:assert/strict";
import { test } from "node:test";

import { afterEvents } from "../../../static/js/shell/pace.js";

test("things run in their order, in a task after the event, or at once when another event needs them", async () => {
  const ran = [];
  const events = afterEvents();
  events.later(() => ran.push("down"));
  events.later(() => ran.push("up"));
  assert.deepEqual(ran, []);

  events.now();
  assert.deepEqual(ran, ["down", "up"]);

  await new Promise((resolve) => {
    events.later(() => resolve(ran.push("alone")));
  });
  assert.deepEqual(ran, ["down", "up", "alone"]);
  events.close();
});
