// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { countFooled, keepScores, readScores, scoresOf, withAttempt } from "../../../../static/js/experiments/robustness/scores.js";

const SURE = { digit: 2, probability: 0.95 };
const OTHER = { digit: 7, probability: 0.6 };
const ATTEMPT = { kind: "rotate", level: -40, unchanged: 0, model: "cnn", before: SURE, after: OTHER };

test("a smaller change in either direction is a better score", () => {
  const first = withAttempt({}, ATTEMPT);
  assert.deepEqual(first, { rotate: { cnn: -40 } });
  assert.equal(withAttempt(first, { ...ATTEMPT, level: 41 }), first);
  assert.equal(withAttempt(first, { ...ATTEMPT, level: 40 }), first);
  assert.deepEqual(withAttempt(first, { ...ATTEMPT, level: 39, model: "cnn" }), { rotate: { cnn: 39 } });
  assert.deepEqual(withAttempt(first, { ...ATTEMPT, model: "mlp" }), { rotate: { cnn: -40, mlp: -40 } });
});

test("the distance is from the level that changes nothing", () => {
  const scaled = withAttempt({}, { ...ATTEMPT, kind: "scale", level: 0.4, unchanged: 1 });
  assert.deepEqual(withAttempt(scaled, { ...ATTEMPT, kind: "scale", level: 1.5, unchanged: 1 }), { scale: { cnn: 1.5 } });
});

test("nothing counts unless the network was sure and predicts another class", () => {
  for (const attempt of [{ after: SURE }, { after: null }, { before: null }, { before: { digit: 2, probability: 0.89 } }]) {
    assert.deepEqual(withAttempt({}, { ...ATTEMPT, ...attempt }), {});
  }
});

test("combinations are counted among those that can be chosen", () => {
  const scores = { rotate: { cnn: 1, other: 2 }, blur: { cnn: 3 } };
  assert.equal(countFooled(scores, ["rotate", "blur", "thin"], ["cnn", "mlp"]), 2);
});

test("what is stored may be anything", () => {
  assert.deepEqual(scoresOf('{"rotate": {"cnn": 12, "mlp": "x"}, "blur": 3}'), { rotate: { cnn: 12 }, blur: {} });
  for (const text of [null, "", "null", "[", "7"]) assert.deepEqual(scoresOf(text), {});
});

test("without storage the scores last as long as the page", () => {
  assert.deepEqual(readScores(), {});
  keepScores({ rotate: { cnn: 1 } });
});
