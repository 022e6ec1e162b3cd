import assert from "node:assert/strict";
import { test } from "node:test";
import { orderOf, sheetFor } from "../../../static/js/network/layer-sheet.js";

test("maps are enlarged by a whole number, and their distances are multiples of it", () => {
  const sheet = sheetFor({ width: 911, map: 84, cells: [28, 28], side: 50, tall: 86, gap: 12 });

  assert.equal(sheet.zoom, 3);
  assert.equal(sheet.columns, 6);
  assert.ok(sheet.pitch.every((step) => step % 3 === 0));
  assert.ok(sheet.columns * sheet.pitch[0] <= 911 + 12);
  assert.ok(sheet.pitch[1] >= 86 + 12);
});

test("a narrow screen has one column", () => {
  assert.equal(sheetFor({ width: 100, map: 112, cells: [5, 5], side: 62, tall: 98, gap: 12 }).columns, 1);
});

test("the most active maps come first, the others by number; few maps keep their order", () => {
  assert.deepEqual(orderOf([1, 5, 0, 9, 2], 2), [3, 1, 0, 2, 4]);
  assert.deepEqual(orderOf([1, 5], 2), [0, 1]);
});
