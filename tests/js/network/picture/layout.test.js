import assert from "node:assert/strict";
import { test } from "node:test";
import { curveOf, layOut, positionsOf } from "../../../../static/js/network/picture/layout.js";
import { pointedAfterKey } from "../../../../static/js/network/picture/keys.js";

const ROOM = { pitch: 29, rows: 8, width: 900, least: 30, titles: [50, 60, 60, 60] };
const columns = [["input", 1], ["conv1", 16], ["conv2", 64], ["linear", 10]].map(([name, count]) => /** @type {any} */ ({ name, count, section: null }));
/** @type {[number, number, number][]} */
const shapes = [[1, 28, 28], [16, 28, 28], [64, 3, 3], [10, 1, 1]];

test("maps are enlarged by a whole number; up to two full columns of them are shown, else one", () => {
  const layout = layOut(columns, shapes, [5, 5], ROOM);

  assert.deepEqual(columns.map((column) => positionsOf(column, 8)), [1, 16, 8, 10]);
  assert.deepEqual(layout.columns.map(({ maps }) => [maps.length, maps[0].width]), [[1, 84], [16, 28], [8, 27], [10, 84]]);
  assert.equal(layout.columns[1].kernels[0].width, 15);
  assert.equal(layout.height, 232);
  assert.ok(layout.width <= 900);
});

test("maps larger than their room are shown with fewer cells", () => {
  const { columns: [, { maps }] } = layOut(columns, [shapes[0], [16, 32, 32], shapes[2], shapes[3]], null, ROOM);

  assert.deepEqual([maps[0].width, maps[0].height], [28, 28]);
});

test("columns keep a distance on a narrow screen", () => {
  assert.ok(layOut(columns, shapes, null, { ...ROOM, width: 300 }).width > 300);
});

test("titles that are wider than their columns do not touch", () => {
  const titles = [50, 90, 140, 84];

  const { columns: placed } = layOut(columns, shapes, null, { ...ROOM, width: 300, titles });

  const middles = placed.map(({ x, width }) => x + width / 2);
  const between = middles.slice(1).map((middle, i) => middle - middles[i] - (titles[i] + titles[i + 1]) / 2);
  assert.ok(between.every((space) => space >= 7), String(between));
});

test("a link runs from its source's right edge to its target's left edge, and none to a map that is not shown", () => {
  const layout = layOut(columns, shapes, null, ROOM);
  const shown = [[0], [...Array(16).keys()], [7, 9, 1, 2, 3, 4, 5, 6], [...Array(10).keys()]];
  const [source, target] = [layout.columns[2].maps[1], layout.columns[3].maps[4]];

  const path = curveOf(layout.columns, shown, { column: 3, from: 9, to: 4, value: 1 });

  assert.ok(path.startsWith(`M${source.x + source.width} ${source.y + source.height / 2}`));
  assert.ok(path.endsWith(`H${target.x}`));
  assert.equal(curveOf(layout.columns, shown, { column: 3, from: 63, to: 4, value: 1 }), "");
});

test("arrow keys lead along the strongest link, and to the next link into the same map", () => {
  const links = [{ column: 1, from: 2, to: 0, value: 3 }, { column: 1, from: 1, to: 0, value: 1 }];
  const picture = { shown: [[1, 2], [0]], into: () => links, outOf: () => [links[0]] };

  const link = pointedAfterKey("ArrowLeft", { place: { column: 1, map: 0 }, link: null }, picture);
  assert.deepEqual(link, { place: null, link: links[0] });
  assert.deepEqual(pointedAfterKey("ArrowDown", { place: null, link: links[0] }, picture), { place: null, link: links[1] });
  assert.deepEqual(pointedAfterKey("ArrowLeft", { place: null, link: links[0] }, picture), { place: { column: 0, map: 2 }, link: null });
  assert.deepEqual(pointedAfterKey("ArrowUp", { place: { column: 0, map: 2 }, link: null }, picture), { place: { column: 0, map: 1 }, link: null });
  assert.equal(pointedAfterKey("ArrowUp", { place: { column: 0, map: 1 }, link: null }, picture), null);
});
