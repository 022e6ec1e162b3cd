// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { commonPower } from "../../../static/js/network/common-power.js";
import { formatValue } from "../../../static/js/network/legend.js";

test("small numbers of a table share a power of ten", () => {
  const { times, textOf } = commonPower(0.0000814);

  assert.equal(times, " × 10⁻⁵");
  assert.deepEqual([0.0000814, -0.0000052, 0, -1e-9].map(textOf), ["8.14", "−0.52", "0", "0.00"]);
});

test("numbers that can be read as they are have no power of ten", () => {
  for (const largest of [0, 0.1, 0.861, 12.2]) assert.equal(commonPower(largest).times, "");
  assert.equal(commonPower(0.861).textOf(-0.05), "−0.05");
});

test("a very small number has a power of ten, and a real minus sign", () => {
  assert.deepEqual([0, 0.00061, -0.0000814, 1e-12, 0.5].map((value) => formatValue(value)), ["0", "0.00061", "−8.14 × 10⁻⁵", "1 × 10⁻¹²", "0.5"]);
});
