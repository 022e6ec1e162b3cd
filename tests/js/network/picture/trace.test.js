import assert from "node:assert/strict";
import { test } from "node:test";
import { describeClass, describeLink, describeMap, describeSources, describeSum } from "../../../../static/js/network/picture/sentences.js";
import { columnsOf, linksInto, linksOutOf, mapsAtPositions, strongestLinks } from "../../../../static/js/network/picture/trace.js";
import { viewOf } from "../../../../static/js/network/picture/view.js";

/** @import { Evidence } from "../../../../static/js/api/evidence.js" */

/** @param {string} name  @param {number} count */
const section = (name, count) => /** @type {any} */ ({ layer: { name, output_shape: [count, 1, 1] }, after: null });

const columns = columnsOf([1, 8, 8], [section("conv1", 2), section("pool1", 2), section("linear", 3)]);

/** Class 2 is 3 above a blank page: 4 by map 0, −1 by map 1. @type {Evidence} */
const evidence = {
  label: 2,
  difference: 3,
  pixels: { shape: [1, 1], data: Float32Array.of(3) },
  layers: {
    conv1: { contributions: Float32Array.of(4, -1), links: { shape: [2, 1], data: Float32Array.of(4, -1) } },
    pool1: { contributions: Float32Array.of(4, -1), links: null },
    linear: { contributions: Float32Array.of(0, 0, 3), links: { shape: [3, 2], data: Float32Array.of(0, 0, 0, 0, 4, -1) } },
  },
};
const shown = [[0], [0, 1], [0, 1], [0, 1, 2]];

test("links are sorted by size, and where each map reads only the map of the same number there is one", () => {
  assert.deepEqual(linksInto(evidence, columns, { column: 3, map: 2 }).map(({ from, value }) => [from, value]), [[0, 4], [1, -1]]);
  assert.deepEqual(linksInto(evidence, columns, { column: 2, map: 1 }), [{ column: 2, from: 1, to: 1, value: -1 }]);
  assert.deepEqual(linksOutOf(evidence, columns, { column: 2, map: 1 }), [{ column: 3, from: 1, to: 2, value: -1 }]);
});

test("the strongest links lead from the class back to the input", () => {
  const links = strongestLinks(evidence, columns, shown).map(({ column, from, to }) => [column, from, to]);

  assert.deepEqual(links, [[3, 0, 2], [3, 1, 2], [2, 0, 0], [2, 1, 1], [1, 0, 0], [1, 0, 1]]);
});

test("links shown and left over add up to the difference as it is written", () => {
  const links = strongestLinks(evidence, columns, [[0], [0], [0], [0, 1, 2]]);

  assert.equal(describeSum(evidence, columns, links), "Its logit is 3.0 above a blank page’s: 4.0 shown, −1.0 in weaker links.");
});

test("a class, a map and a link are described in words", () => {
  assert.equal(describeClass(evidence, columns, Float32Array.of(1, 0, 3.5)), "2 leads by 2.5 over 0. Strongest: pool1 map 0, +4.0.");
  assert.equal(describeClass(evidence, columns, Float32Array.of(4, 0, 3.5)), "2 is 0.5 behind 0. Strongest: pool1 map 0, +4.0.");
  assert.equal(describeMap(evidence, columns, { column: 2, map: 1 }), "pool1 map 1 takes 1.00 from class 2");
  assert.equal(describeSources(evidence, columns, { column: 2, map: 1 }), " All of it comes through conv1 map 1.");
  assert.equal(describeLink(evidence, columns, { column: 2, from: 0, to: 0, value: 4 }), "conv1 map 0 adds 4.00 to class 2 through pool1 map 0");
});

test("only the links of the map that is pointed at are not dimmed", () => {
  const view = viewOf(evidence, columns, shown, Float32Array.of(1, 0, 3.5), { place: { column: 2, map: 1 }, link: null });

  assert.deepEqual([...(view.lit ?? [])].sort(), ["2.1.1", "3.1.2"]);
  assert.deepEqual([...(view.maps ?? [])].sort(), ["1.1", "2.1", "3.2"]);
  assert.equal(view.links.length, 6);
});

test("a map keeps its position until another contributes much more", () => {
  const before = mapsAtPositions(Float32Array.of(5, 1, 4, 0), 4, 2);
  const little = mapsAtPositions(Float32Array.of(5, 4.5, 4, 0), 4, 2, before);
  const much = mapsAtPositions(Float32Array.of(5, 7, 4, 0), 4, 2, before);

  assert.deepEqual(before, [0, 2]);
  assert.deepEqual(little, [0, 2]);
  assert.deepEqual(much, [0, 1]);
});
