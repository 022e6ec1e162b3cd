import assert from "node:assert/strict";
import { test } from "node:test";
import { percent } from "../../../static/js/network/prediction-bars.js";

test("a probability is never rounded to 0 or 100 percent", () => {
  assert.deepEqual([0.99999, 0.5, 0.0123, 0.00001].map(percent), [">99.9%", "50.0%", "1.2%", "<0.1%"]);
});
