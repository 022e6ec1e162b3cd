// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { frameOf, middlesOf, pointAt, pointTowards } from "../../../../static/js/experiments/layer-maps/map-frame.js";

// A cross: left, right, below and above, and its middle; wider than high.
const CROSS = Float32Array.of(-10, 0, 10, 0, 0, -5, 0, 5, 0, 0);

test("both axes have the same scale, and y goes up", () => {
  const { positions } = frameOf(CROSS, 100);

  // 90 pixels for 20 units.
  assert.deepEqual([...positions], [5, 50, 95, 50, 50, 72.5, 50, 27.5, 50, 50]);
});

test("another point is placed on the same scale, or at the edge if it lies outside", () => {
  const { place } = frameOf(CROSS, 100);

  assert.deepEqual(place(2, 1), { x: 59, y: 45.5, isOutside: false });
  assert.deepEqual(place(400, 1), { x: 97.5, y: 45.5, isOutside: true });
});

test("points that are all the same lie in the middle", () => {
  assert.deepEqual([...frameOf(Float32Array.of(3, 3, 3, 3), 100).positions], [50, 50, 50, 50]);
});

test("the nearest point is pointed at, and none far away", () => {
  const frame = frameOf(CROSS, 100);

  assert.equal(pointAt(frame, { x: 90, y: 48 }), 1);
  assert.equal(pointAt(frame, { x: 20, y: 20 }), null);
});

test("arrow keys go to the nearest point in their direction, and stay where there is none", () => {
  const frame = frameOf(CROSS, 100);

  assert.equal(pointTowards(frame, 4, [0, 1]), 1);
  assert.equal(pointTowards(frame, 4, [-1, 0]), 3);
  assert.equal(pointTowards(frame, 0, [0, 1]), 4);
  assert.equal(pointTowards(frame, 1, [0, 1]), 1);
  assert.equal(pointTowards(frame, null, [1, 0]), 2);
});

test("every class has its median in the middle", () => {
  const frame = frameOf(Float32Array.of(0, 0, 10, 0, 4, 10, 8, 8), 100);

  const middles = middlesOf(frame, [7, 7, 7, 1]);

  assert.deepEqual([...middles.keys()], [7, 1]);
  assert.equal(middles.get(7)?.x, frame.place(4, 0).x);
  assert.equal(middles.get(7)?.y, frame.place(0, 0).y);
});
