import assert from "node:assert/strict";
import { test } from "node:test";
import { decimalsFor, formatUnits, roundParts } from "../../../static/js/lens/rounding.js";

/** Numbers between −1 and 1 that are the same in every run. @param {number} count  @param {number} seed */
function numbers(count, seed) {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (1103515245 * state + 12345) % 2 ** 31;
    return state / 2 ** 30 - 1;
  });
}

for (const decimals of [2, 3, 12]) {
  test(`rounded parts and their rounding add up to the rounded total, with ${decimals} decimals`, () => {
    for (let seed = 1; seed <= 50; seed += 1) {
      const parts = numbers(26, seed);
      const sum = parts.reduce((a, b) => a + b, 0);

      const rounded = roundParts(parts, sum, decimals);

      assert.ok(rounded.parts.every(Number.isInteger));
      assert.equal(rounded.parts.reduce((a, b) => a + b, 0) + rounded.rounding, rounded.total);
      assert.ok(Math.abs(rounded.total - sum * 10 ** decimals) < 0.6);
    }
  });
}

test("units are written as a number with a real minus sign", () => {
  assert.equal(formatUnits(1234, 3), "1.234");
  assert.equal(formatUnits(-5, 3), "−0.005");
  assert.equal(formatUnits(5, 3, true), "+0.005");
  assert.equal(formatUnits(0, 2, true), "0.00");
  assert.equal(formatUnits(7, 0), "7");
});

test("small layers get more decimals, so that the largest number keeps two significant digits", () => {
  assert.deepEqual([100, 1, 0.05, 0.0005, 0].map(decimalsFor), [3, 3, 3, 5, 3]);
});
