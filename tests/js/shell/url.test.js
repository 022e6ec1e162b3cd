// @ts-check
/** @import { Digit, Plane, Point, Stroke } from "../../../static/js/types.js" */
import assert from "node:assert/strict";
import test from "node:test";

import { initialState } from "../../../static/js/shell/reducer.js";
import { decodePixels, decodeStrokes, digitFields, encodePixels, encodeStrokes, fromFragment, linkProblem, toFragment } from "../../../static/js/shell/url.js";

const HALF_STEP = 3 / 65535 / 2 + 1e-5; // Coordinates have 16 bits over 3 pad widths, and five decimals when restored.

/** @param {Stroke[] | null} restored  @param {Stroke[]} original */
function assertClose(restored, original) {
  assert.deepEqual(restored?.map((stroke) => stroke.length), original.map((stroke) => stroke.length));
  restored?.flat(2).forEach((coordinate, i) => {
    assert.ok(Math.abs(coordinate - original.flat(2)[i]) <= HALF_STEP, `coordinate ${i} is ${coordinate}`);
  });
}

test("strokes survive the address", () => {
  /** @type {Stroke[]} */
  const strokes = [[[0, 0], [1, 1], [0.123, 0.987]], [[-0.1, 1.1]]];

  assertClose(decodeStrokes(encodeStrokes(strokes)), strokes);
});

test("a drawing of 40,000 points survives the address", () => {
  const points = Array.from({ length: 40_000 }, (_, i) => /** @type {Point} */ ([i / 40_000, 1 - i / 40_000]));

  const restored = decodeStrokes(encodeStrokes([points.slice(0, 30_000), points.slice(30_000)]));

  assert.deepEqual(restored?.map((stroke) => stroke.length), [30_000, 10_000]);
  const [x, y] = restored?.[1].at(-1) ?? [];
  assert.ok(Math.abs(Number(x) - 0.999975) <= HALF_STEP);
  assert.ok(Math.abs(Number(y) - 0.000025) <= HALF_STEP);
});

test("a stroke of more points than 16 bits can count is restored as pieces that meet", () => {
  const stroke = Array.from({ length: 70_000 }, (_, i) => /** @type {Point} */ ([i / 70_000, 0.5]));

  const restored = decodeStrokes(encodeStrokes([stroke]));

  assert.deepEqual(restored?.map(({ length }) => length), [65_535, 4_466]);
  assert.deepEqual(restored?.[0].at(-1), restored?.[1][0]);
});

for (const damaged of ["!", "AAAA", "AAI", "//8"]) {
  test(`the damaged strokes ${damaged} are left out`, () => {
    assert.equal(decodeStrokes(damaged), null);
    assert.ok(!("digit" in fromFragment(`#s=${damaged}`)));
  });
}

test("fields outside their bounds are left out", () => {
  assert.deepEqual(fromFragment("#n=12345678&b=7&pre=2"), {});
});

test("a neuron survives the address", () => {
  const neuron = { layer: "conv2", filter: 7, row: 4, column: 9 };
  const state = { ...initialState({ kind: "sample", index: 4 }, 0.065), neuron };

  assert.deepEqual(fromFragment(`#${toFragment(state)}`).neuron, neuron);
});

for (const damaged of ["conv2.1.2", "conv2.1.2.x", "conv2.-1.0.0", ".1.2.3", "a b.1.2.3"]) {
  test(`the damaged neuron ${damaged} is left out`, () => {
    assert.deepEqual(fromFragment(`#k=${encodeURIComponent(damaged)}`), {});
  });
}

// --- Round trips of whatever a visitor could have drawn, chosen, uploaded and labeled -------------------------------

/** A small random number generator (mulberry32), so that a failure can be repeated. @param {number} seed */
function generator(seed) {
  let state = seed;
  const random = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  return { random, upTo: (/** @type {number} */ most) => Math.floor(random() * (most + 1)) };
}

/** @param {ReturnType<typeof generator>} dice  @returns {Plane} */
function randomInput({ random, upTo }) {
  const size = [28, 32][upTo(1)];
  const [top, left, rows, columns] = [upTo(8), upTo(8), upTo(20), upTo(20)];
  const data = Float32Array.from({ length: size * size }, (_, i) => {
    const [row, column] = [Math.floor(i / size) - top, (i % size) - left];
    return row >= 0 && row < rows && column >= 0 && column < columns && random() < 0.7 ? Math.round(random() * 255) / 255 : 0;
  });
  return { width: size, height: size, data };
}

/** @param {ReturnType<typeof generator>} dice  @returns {Digit} */
function randomDigit(dice) {
  const { random, upTo } = dice;
  const label = upTo(1) ? { label: upTo(9) } : {};
  const coordinate = () => Math.round(65535 * random()) / 65535 * 3 - 1;
  switch (upTo(2)) {
    case 0: {
      const strokes = Array.from({ length: upTo(5) }, () => Array.from({ length: 1 + upTo(30) }, () => /** @type {Point} */ ([coordinate(), coordinate()])));
      return { kind: "strokes", strokes, penWidth: (5 + upTo(135)) / 1000, ...label };
    }
    case 1:
      return { kind: "sample", index: upTo(9999), ...label };
    default:
      return { kind: "pixels", plane: randomInput(dice), ...label };
  }
}

test("500 random digits with random views survive the address", () => {
  for (let seed = 1; seed <= 500; seed += 1) {
    const dice = generator(seed);
    const digit = randomDigit(dice);
    const view = {
      rectified: Boolean(dice.upTo(1)),
      boost: dice.upTo(20) / 20,
      neuron: dice.upTo(1) ? { layer: `conv${dice.upTo(5)}`, filter: dice.upTo(63), row: dice.upTo(27), column: dice.upTo(27) } : null,
      training: dice.upTo(1) ? { step: dice.upTo(9000), pinned: dice.upTo(1) ? dice.upTo(9000) : null, shown: /** @type {const} */ ("difference") } : null,
    };

    const fragment = toFragment({ digit, ...view });
    const { digit: restored, ...restoredView } = fromFragment(`#${fragment}`);

    assert.match(fragment, /^v=1&[\w&=.-]+$/, `seed ${seed}`);
    assert.deepEqual({ rectified: true, boost: 0, neuron: null, training: null, ...restoredView }, view, `seed ${seed}`);
    if (digit.kind === "strokes") {
      assert.ok(restored?.kind === "strokes");
      assertClose(restored.strokes, digit.strokes);
      assert.deepEqual([restored.penWidth, restored.label], [digit.penWidth, digit.label], `seed ${seed}`);
    } else {
      assert.deepEqual(restored, digit, `seed ${seed}`);
    }
    // What was restored is written as it was read: a link that is copied again is the same link.
    assert.equal(restored && digitFields(restored, null), digitFields(digit, null), `seed ${seed}`);
    assert.equal(linkProblem(fragment), null);
  }
});

test("any text is read without an exception, and a link cut off anywhere gives its digit or a sentence", () => {
  for (let seed = 1; seed <= 200; seed += 1) {
    const dice = generator(seed);
    const fragment = toFragment({ digit: randomDigit(dice) });
    const cut = fragment.slice(0, dice.upTo(fragment.length));
    const noise = String.fromCharCode(...Array.from({ length: 40 }, () => 33 + dice.upTo(90)));

    fromFragment(noise);
    linkProblem(noise);
    const hasDigit = /[snp]=/.test(cut);
    if (hasDigit && !fromFragment(cut).digit) assert.match(linkProblem(cut) ?? "", /damaged/, `seed ${seed}`);
  }
});

test("an upload is in the link as the network received it, once that is known", () => {
  /** @type {Digit} */
  const digit = { kind: "image", name: "photo.jpg", base64: "AAAA", label: 7 };
  const plane = randomInput(generator(7));
  const other = { digit: /** @type {Digit} */ ({ kind: "sample", index: 1 }), plane };

  assert.equal(digitFields(digit, null), "");
  assert.equal(digitFields(digit, other), "");
  assert.deepEqual(fromFragment(toFragment({ digit }, { digit, plane })).digit, { kind: "pixels", plane, label: 7 });
});

test("an input takes at most 550 characters", () => {
  const data = new Float32Array(784);
  for (let row = 4; row < 24; row += 1) data.fill(0.5, row * 28 + 4, row * 28 + 24);

  assert.ok(encodePixels({ width: 28, height: 28, data }).length <= 550);
});

test("a blank input survives the address", () => {
  const plane = { width: 28, height: 28, data: new Float32Array(784) };

  assert.deepEqual(decodePixels(encodePixels(plane)), plane);
});

for (const [what, bytes] of /** @type {[string, number[]][]} */ ([
  ["too short", [28, 28, 0]], ["a box without its pixels", [28, 28, 0, 0, 2, 2, 9]], ["a box beyond the edge", [28, 28, 27, 0, 2, 1, 9, 9]],
  ["an input without rows", [0, 28, 0, 0, 0, 0]], ["an input of 200 rows", [200, 28, 0, 0, 0, 0]],
])) {
  test(`a damaged input is left out and said to be damaged: ${what}`, () => {
    const fragment = `v=1&p=${Buffer.from(bytes).toString("base64url")}`;

    assert.deepEqual(fromFragment(fragment), {});
    assert.match(linkProblem(fragment) ?? "", /damaged/);
  });
}

test("a link of another version is not read, and a sentence says so", () => {
  assert.deepEqual(fromFragment("#v=2&n=15&b=0.5"), {});
  assert.match(linkProblem("#v=2&n=15") ?? "", /^This link has version 2 of the format; this page reads version 1\./);
});

test("a fragment without a version is version 1, and the name of a section is no link", () => {
  assert.deepEqual(fromFragment("#n=15").digit, { kind: "sample", index: 15 });
  assert.deepEqual([fromFragment("#layer-conv1"), linkProblem("#layer-conv1"), linkProblem("")], [{}, null, null]);
});
