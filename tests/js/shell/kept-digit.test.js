// @ts-check
/** @import { Digit } from "../../../static/js/types.js" */
import assert from "node:assert/strict";
import test, { beforeEach } from "node:test";

import { digitAtOpening, keepDigit } from "../../../static/js/shell/kept-digit.js";

const LINK = "#v=1&n=15";
/** @type {Digit} */
const SEVEN = { kind: "sample", index: 0, label: 7 };
/** @type {Digit} */
const PHOTO = { kind: "image", name: "photo.jpg", base64: "AAAA", adjustment: { crop: null, rotate: 90, threshold: null } };
const PLANE = { width: 28, height: 28, data: Float32Array.from({ length: 784 }, (_, i) => (i === 400 ? 1 : 0)) };

/** @type {Map<string, string>} */
let stored;

beforeEach(() => {
  stored = new Map();
  globalThis.sessionStorage = /** @type {any} */ ({
    getItem: (/** @type {string} */ key) => stored.get(key) ?? null,
    setItem(/** @type {string} */ key, /** @type {string} */ text) {
      if (text.length > 5_000) throw new Error("QuotaExceededError");
      stored.set(key, text);
    },
  });
});

test("a page without a digit in its address opens with the tab's own, and with none in a new tab", () => {
  assert.equal(digitAtOpening("", false), null);

  keepDigit(SEVEN, null);

  assert.deepEqual(["", "#layer-conv4"].map((address) => digitAtOpening(address, false)), [SEVEN, SEVEN]);
});

test("a link that is followed wins over the tab's digit, which wins when the page is reloaded or returned to", () => {
  keepDigit(SEVEN, null);

  assert.deepEqual(digitAtOpening(LINK, false), { kind: "sample", index: 15 });
  assert.deepEqual(digitAtOpening(LINK, true), SEVEN);
});

test("an upload stays an image that can be adjusted, also when its link is followed", () => {
  const framed = { digit: PHOTO, plane: PLANE };
  keepDigit(PHOTO, framed);
  const { fields } = JSON.parse([...stored.values()][0]);

  assert.deepEqual(["", `#v=1&${fields}`].map((address) => digitAtOpening(address, false)), [PHOTO, PHOTO]);
});

test("of an upload for which there is no room, the pixels are kept that the network received", () => {
  /** @type {Digit} */
  const large = { ...PHOTO, base64: "A".repeat(6_000) };

  keepDigit(large, { digit: large, plane: PLANE });

  assert.deepEqual(digitAtOpening("", false), { kind: "pixels", plane: PLANE });
});

for (const damaged of ["{", "null", '{"fields":"s=!","image":null}', '"x"']) {
  test(`${damaged} in storage is no digit`, () => {
    stored.set("kernelscope-digit", damaged);

    assert.equal(digitAtOpening("", false), null);
  });
}
