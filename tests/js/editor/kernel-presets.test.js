// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { normToMatch, presetKernel } from "../../../static/js/editor/kernel-presets.js";

test("a Sobel kernel of 3×3 is the classic one", () => {
  const kernel = presetKernel("sobel-vertical", [3, 3], 0, Math.sqrt(12));

  assert.deepEqual([...kernel].map((weight) => Math.round(weight) + 0), [-1, 0, 1, -2, 0, 2, -1, 0, 1]);
});

test("presets fill rectangular and even sizes and have the norm that is wanted", () => {
  for (const id of ["sobel-horizontal", "blur", "sharpen", "gabor", "random"]) {
    const kernel = presetKernel(id, [2, 5], 30, 3);

    assert.equal(kernel.length, 10, id);
    assert.ok(Math.abs(Math.hypot(...kernel) - 3) < 1e-5, id);
  }
  assert.deepEqual([...presetKernel("zero", [1, 2], 0, 3)], [0, 0]);
});

test("a Gabor of 90° has vertical stripes", () => {
  const [, , , west, middle, east] = presetKernel("gabor", [3, 3], 90, 1);

  assert.ok(middle > 0 && west < 0);
  assert.ok(Math.abs(west - east) < 1e-7);
});

test("a preset is as strong as the learned kernel, but at least half as strong as the mean one", () => {
  // Two filters, two input maps, kernels of 1×2: the norms of the second input map are 5 and 0.
  const learned = { shape: [2, 2, 1, 2], data: Float32Array.of(9, 9, 3, 4, 9, 9, 0, 0) };

  assert.equal(normToMatch(learned, 0, 1), 5);
  assert.equal(normToMatch(learned, 1, 1), 1.25);
});
