// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { largestAt, positionOf, smallestAt } from "../../../static/js/draw/plane.js";
import { countDifferent } from "../../../static/js/tour/planes.js";

const plane = {
  width: 3,
  height: 2,
  data: Float32Array.of(
    0, 1, -2,
    0, 5, 0,
  ),
};

test("the largest and the smallest value have a row and a column", () => {
  assert.deepEqual(largestAt(plane), { row: 1, column: 1 });
  assert.deepEqual(smallestAt(plane), { row: 0, column: 2 });
  assert.deepEqual(positionOf(4, 3), { row: 1, column: 1 });
});

test("values that are not zero are counted inside the box, in every plane", () => {
  assert.equal(countDifferent([plane, plane], { top: 0, left: 1, height: 2, width: 1 }), 4);
  assert.equal(countDifferent([plane], { top: 0, left: 0, height: 2, width: 3 }), 3);
});
