import assert from "node:assert/strict";
import { test } from "node:test";
import { changesFrom } from "../../../static/js/api/live-channel.js";

/** @import { Digit, Point, Stroke } from "../../../static/js/types.js" */

const LAYERS = ["relu1"];
/** @type {Point[]} */
const [A, B, C, D] = [[0, 0], [0.1, 0], [0.2, 0], [0.3, 0]];
const [FIRST, SECOND] = [[A, B], [C]];

/** @param {Stroke[]} strokes  @returns {Digit} */
const drawing = (strokes, penWidth = 0.065) => ({ kind: "strokes", strokes, penWidth });

/** @type {{change: string, digit: Digit, message: object}[]} */
const CHANGES = [
  { change: "another stroke and points of the last one", digit: drawing([FIRST, [C, D], [A]]), message: { extend: [D], begin: [A] } },
  { change: "another pen width", digit: drawing([FIRST, SECOND], 0.1), message: { pen_width: 0.1 } },
  { change: "an earlier stroke", digit: drawing([[A, B, C], SECOND]), message: { strokes: [[A, B, C], [C]], pen_width: 0.065 } },
  { change: "another first point", digit: drawing([FIRST, [D, A]]), message: { strokes: [[A, B], [D, A]], pen_width: 0.065 } },
  { change: "another point in an earlier stroke", digit: drawing([[A, D], SECOND]), message: { strokes: [[A, D], [C]], pen_width: 0.065 } },
  { change: "undo", digit: drawing([FIRST]), message: { strokes: [[A, B]], pen_width: 0.065 } },
  { change: "clear", digit: drawing([]), message: { strokes: [], pen_width: 0.065 } },
  { change: "two more strokes", digit: drawing([FIRST, SECOND, [A], [B]]), message: { strokes: [[A, B], [C], [A], [B]], pen_width: 0.065 } },
  { change: "a test digit", digit: { kind: "sample", index: 4 }, message: { sample: 4 } },
  { change: "an image", digit: { kind: "image", name: "a.png", base64: "AAAA" }, message: { image: "AAAA" } },
];

for (const { change, digit, message } of CHANGES) {
  test(`${change} is sent as ${Object.keys(message).join(", ")}`, () => {
    const held = { digit: drawing([FIRST, SECOND]), layers: LAYERS };

    assert.deepEqual(changesFrom(held, { digit, layers: LAYERS }, "cnn"), message);
  });
}

test("the layers are sent when they change", () => {
  const digit = drawing([FIRST]);

  assert.deepEqual(changesFrom({ digit, layers: ["relu1"] }, { digit, layers: ["relu1", "pool1"] }, "cnn"), { layers: ["relu1", "pool1"] });
  assert.deepEqual(changesFrom({ digit, layers: ["relu1"] }, { digit: { kind: "sample", index: 1 }, layers: [] }, "cnn"), { layers: [], sample: 1 });
  assert.deepEqual(changesFrom({ digit, layers: ["relu1"] }, { digit, layers: ["relu1"] }, "cnn"), {});
});
