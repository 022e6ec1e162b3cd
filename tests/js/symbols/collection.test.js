// @ts-check
import assert from "node:assert/strict";
import test from "node:test";
import { emptyCollection, missingSentence, promptSentence, reduceCollection, requestOf, thinned } from "../../../static/js/symbols/collection.js";
/** @import { Stroke } from "../../../static/js/types.js" */
/** @import { Collection, CollectionAction } from "../../../static/js/symbols/collection.js" */

/** @type {Stroke[]} */
const line = [[[0.1, 0.1], [0.9, 0.9]]];

/** @param {number[]} counts  Of drawings.  @returns {Collection} */
const withDrawings = (...counts) => ({ selected: 0, classes: counts.map((count, i) => ({ name: `s${i}`, drawings: Array(count).fill(line) })) });

/** @param {Collection} state  @param {CollectionAction[]} actions */
const after = (state, ...actions) => actions.reduce(reduceCollection, state);

test("a drawing belongs to the selected class, and is removed by its number", () => {
  const two = after(emptyCollection(), { type: "selected", of: 1 }, { type: "drawn", drawing: line }, { type: "drawn", drawing: [[[0.5, 0.5]]] });

  assert.deepEqual(two.classes.map(({ drawings }) => drawings.length), [0, 2, 0]);
  assert.deepEqual(after(two, { type: "drawingRemoved", of: 1, drawing: 0 }).classes[1].drawings, [[[[0.5, 0.5]]]]);
  assert.equal(after(two, { type: "drawn", drawing: [] }), two, "a blank pad is no drawing");
  const full = withDrawings(20, 0);
  assert.equal(after(full, { type: "drawn", drawing: line }), full);
});

test("there are two to ten classes, and the selection stays on its class", () => {
  const ten = after(emptyCollection(), ...Array(9).fill({ type: "classAdded" }));

  assert.equal(ten.classes.length, 10);
  assert.deepEqual(ten.classes.slice(3, 5).map(({ name }) => name), ["symbol 4", "symbol 5"]);
  assert.equal(ten.selected, 9);
  const nine = after(ten, { type: "classRemoved", of: 2 });
  assert.equal(nine.classes[nine.selected].name, "symbol 10");
  assert.equal(after(ten, { type: "classRemoved", of: 9 }).selected, 8);
  const two = after(ten, ...Array(9).fill({ type: "classRemoved", of: 0 }));
  assert.equal(two.classes.length, 2);
  assert.equal(two.selected, 1);
});

test("what is missing is said with its numbers", () => {
  assert.equal(missingSentence(withDrawings(2, 0, 3)), "Draw s0 1 more time, s1 3 more times.");
  assert.equal(missingSentence(withDrawings(3, 3)), "");
  assert.equal(missingSentence(after(withDrawings(3, 3), { type: "named", of: 1, name: " " })), "Class 2 needs a name.");
  assert.equal(missingSentence(after(withDrawings(3, 3), { type: "named", of: 1, name: "s0 " })), "Two classes are called s0: give one of them another name.");
  assert.equal(after(withDrawings(3, 3), { type: "named", of: 1, name: "x".repeat(30) }).classes[1].name.length, 20);
});

test("the prompt leads from class to class, and then to training", () => {
  assert.equal(promptSentence(withDrawings(4, 0)), "Draw s0, each time a little differently: 4 of 10.");
  assert.equal(promptSentence(withDrawings(10, 0)), "s0 has 10 drawings, which is enough. Go on with s1.");
  assert.equal(promptSentence(withDrawings(10, 12)), "Every class has enough drawings. Press Train.");
  assert.equal(promptSentence(withDrawings(20, 1)), "s0 has 20 drawings, which is the most.");
});

test("points on a straight line are left out, corners and dots stay", () => {
  assert.deepEqual(thinned([[0, 0], [0.25, 0.0011], [0.5, 0], [1, 0], [1, 0.5], [1, 1.00049]]), [[0, 0], [1, 0], [1, 1]]);
  assert.deepEqual(thinned([[0.50004, 0.5]]), [[0.5, 0.5]]);
  const circle = /** @type {Stroke} */ (Array.from({ length: 721 }, (_, i) => [0.5 + 0.4 * Math.cos(i * Math.PI / 360), 0.5 + 0.4 * Math.sin(i * Math.PI / 360)]));
  assert.ok(thinned(circle).length < 50);
  assert.ok(thinned(circle).length > 15);
});

test("the request has the names without spaces around them", () => {
  const collection = after(withDrawings(1, 0), { type: "named", of: 0, name: " star " });

  assert.deepEqual(requestOf(collection, 0.05), { classes: [{ name: "star", drawings: [line] }, { name: "s1", drawings: [] }], pen_width: 0.05 });
});
