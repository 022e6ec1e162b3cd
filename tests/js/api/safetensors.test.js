import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeTensors } from "../../../static/js/api/safetensors.js";

// Written by safetensors.numpy.save: float32 [[-3, 0.5], [2, 3]] as "maps", and as float16 the numbers below.
const FILE = "2AAAAAAAAAB7Il9fbWV0YWRhdGFfXyI6eyJwcmVkaWN0aW9uIjoibnVsbCJ9LCJtYXBzIjp7ImR0eXBlIjoiRjMyIiwic2hhcGUiOlsyLDJdLCJkYXRh"
  + "X29mZnNldHMiOlswLDE2XX0sImhhbGYiOnsiZHR5cGUiOiJGMTYiLCJzaGFwZSI6WzddLCJkYXRhX29mZnNldHMiOlsxNiwzMF19LCJvZGQiOnsiZHR5cGUi"
  + "OiJGMTYiLCJzaGFwZSI6WzNdLCJkYXRhX29mZnNldHMiOlszMCwzNl19fSAgICAAAEDAAAAAPwAAAEAAAEBAAAAAgAEA/3sAfAD8VTUAPgDAZi4=";
const HALF = [0, -0, 5.960464477539063e-8, 65504, Infinity, -Infinity, 0.333251953125];
const ODD = [1.5, -2, 0.0999755859375];
// uint8 [0, 0, 0] as "labels".
const BYTES = "QAAAAAAAAAB7ImxhYmVscyI6eyJkdHlwZSI6IlU4Iiwic2hhcGUiOlszXSwiZGF0YV9vZmZzZXRzIjpbMCwzXX19ICAgICAgAAAA";

/** @param {string} base64 */
const bufferOf = (base64) => Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)).buffer;

/** @param {(buffer: ArrayBuffer) => ReturnType<typeof decodeTensors>} decodeFile */
function assertDecodes(decodeFile) {
  const { tensors: { maps, half, odd }, metadata } = decodeFile(bufferOf(FILE));

  assert.deepEqual(metadata, { prediction: "null" });
  assert.deepEqual(maps, { shape: [2, 2], data: Float32Array.of(-3, 0.5, 2, 3) });
  assert.deepEqual([half.shape, [...half.data]], [[7], HALF]);
  assert.deepEqual([odd.shape, [...odd.data]], [[3], ODD]);
}

test("tensors written by Python are decoded", () => {
  assertDecodes(decodeTensors);
});

test("a browser without Float16Array decodes the same numbers", async (context) => {
  const { Float16Array } = /** @type {any} */ (globalThis);
  context.after(() => Object.assign(globalThis, { Float16Array }));
  delete (/** @type {any} */ (globalThis).Float16Array);
  const address = new URL("../../../static/js/api/safetensors.js?without-float16", import.meta.url);

  const { decodeTensors: decode } = await import(address.href); // Another address is another instance of the module.

  assertDecodes(decode);
});

test("the error names the type of a tensor that is not supported", () => {
  assert.throws(() => decodeTensors(bufferOf(BYTES)), { message: "this page reads F32 and F16 tensors, not U8" });
});
