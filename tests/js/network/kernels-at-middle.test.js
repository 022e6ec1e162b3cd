// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { kernelsAtMiddle } from "../../../static/js/network/selectors.js";

test("of unshared weights, the kernels of the middle position are taken", () => {
  // Two filters, 3×3 positions, one channel, kernels of 1×2; each weight is its own index.
  const weights = { shape: [2, 3, 3, 1, 1, 2], data: Float32Array.from({ length: 36 }, (_, i) => i) };

  assert.deepEqual(kernelsAtMiddle(weights), { shape: [2, 1, 1, 2], data: Float32Array.of(8, 9, 26, 27) });
});
