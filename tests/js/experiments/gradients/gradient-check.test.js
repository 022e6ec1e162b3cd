// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { describeCheck, relativeDifference } from "../../../../static/js/experiments/gradients/gradient-check.js";

const CHECK = { label: 2, weight: 0.21, gradient: 0.5, step: 0.25, loss_below: 1, loss_above: 1.2, finite_difference: 0.4 };

test("the difference is relative to the larger gradient", () => {
  assert.ok(Math.abs(relativeDifference(CHECK) - 0.2) < 1e-12);
  assert.equal(relativeDifference({ ...CHECK, gradient: 0, finite_difference: 0 }), 0);
});

test("a check is described with its weight, both losses and both gradients", () => {
  assert.equal(
    describeCheck(CHECK, [7, 0, 3, 1]),
    "Kernel 7, row 3, column 1: weight 0.21, changed by ±0.25. Loss 1 and 1.2: finite difference 0.4; gradient by backpropagation 0.5, relative difference 0.2."
      + " Here the loss has a kink: within the step, a ReLU switches on or off, or another value becomes the maximum of its pool. On its two sides"
      + " the slopes differ; the finite difference is their mean, and backpropagation gives that of one side.",
  );
});

test("a kink is mentioned only where the two gradients differ clearly", () => {
  const words = describeCheck({ ...CHECK, gradient: 0.4 + 1e-7 }, [7, 0, 3, 1]);

  assert.ok(words.endsWith("gradient by backpropagation 0.4, relative difference 2 × 10⁻⁷."), words);
});
