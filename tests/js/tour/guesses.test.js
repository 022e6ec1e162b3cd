// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { claimOf, describeScore, judgeNumber, judgePosition, readGuesses } from "../../../static/js/tour/guesses.js";

test("the choice nearest to the measured number is right", () => {
  assert.deepEqual(judgeNumber(100, 87, [10, 100, 250]), { value: 100, right: true, words: "Right:" });
  assert.deepEqual(judgeNumber(10000, 0, [0, 10000]), { value: 10000, right: false, words: "Not 10,000:" });
});

test("a position up to three pixels away is right, and the distance is said", () => {
  const measured = { row: 10, column: 10 };
  assert.deepEqual(judgePosition(10 * 28 + 10, measured, 28), { value: 290, right: true, words: "Right, exactly there." });
  assert.deepEqual(judgePosition(10 * 28 + 11, measured, 28), { value: 291, right: true, words: "Right, 1 pixel away." });
  assert.deepEqual(judgePosition(14 * 28 + 13, measured, 28), { value: 405, right: false, words: "Not there: 5 pixels away." });
});

test("the score counts right guesses among all guesses", () => {
  assert.equal(describeScore({}), "");
  assert.equal(describeScore({ 1: { value: 1, right: false, words: "" }, 4: { value: 0, right: true, words: "" } }), "1 of 2 guessed right");
});

test("an address names a claim or the summary; anything else is the first claim", () => {
  const claims = ["claim=3", "claim=8", "claim=9", "claim=x", ""].map((text) => claimOf(new URLSearchParams(text)));
  assert.deepEqual(claims, [3, 8, 1, 1, 1]);
});

test("stored guesses are read back; damaged ones are left out", () => {
  const guess = { value: 25, right: true, words: "Right." };
  assert.deepEqual(readGuesses(JSON.stringify({ 3: guess, 4: { value: "x", right: true, words: "" }, 9: guess })), { 3: guess });
  assert.deepEqual(readGuesses("{"), {});
  assert.deepEqual(readGuesses(null), {});
});
