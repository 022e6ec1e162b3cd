// @ts-check
/** @import { KernelEdit } from "../../../static/js/types.js" */
import assert from "node:assert/strict";
import test from "node:test";

import { bodyOfEdits, decodeEdits, encodeEdits, kernelOf, withEdit, withoutEdit } from "../../../static/js/editor/kernel-edits.js";
import { editable } from "./specimens.js";

const LAYERS = [editable("conv1", 500, [1, 1, 2], [400, 400]), editable("conv2", 64, [64, 7, 7], [9, 9])];
const WEIGHTS = 64 * 7 * 7;

/** @param {Partial<KernelEdit>} edit  @returns {KernelEdit} */
const edit = (edit) => ({ layer: "conv1", filter: 2, kernel: null, ablated: false, position: null, ...edit });

test("an edit replaces an older one of the same neurons, and those of one position come last", () => {
  const ofPosition = edit({ position: { row: 1, column: 3 }, ablated: true });
  const older = edit({ kernel: Float32Array.of(1, 1) });
  const newer = edit({ kernel: Float32Array.of(2, 2) });

  const edits = withEdit(withEdit([ofPosition], older), newer);

  assert.deepEqual(edits, [newer, ofPosition]);
  assert.deepEqual(withoutEdit(edits, ofPosition), [newer]);
});

test("the kernel of a position is its own edit's, else the map's, else the learned one", () => {
  const learned = { shape: [2, 1, 1, 2], data: Float32Array.of(1, 2, 3, 4) };
  const [map, position] = [{ layer: "conv1", filter: 1, position: null }, { layer: "conv1", filter: 1, position: { row: 0, column: 0 } }];
  const painted = edit({ filter: 1, kernel: Float32Array.of(5, 6) });

  assert.deepEqual([...kernelOf([], position, learned)], [3, 4]);
  assert.deepEqual([...kernelOf([painted], position, learned)], [5, 6]);
  assert.deepEqual([...kernelOf([painted, edit({ ...position, ablated: true })], position, learned)], [0, 0]);
  assert.deepEqual([...kernelOf([painted, edit({ ...position, ablated: true })], map, learned)], [5, 6]);
});

test("rectangular kernels are nested by channel and row for the API", () => {
  const layers = [editable("conv1", 1, [2, 1, 3], [4, 4])];
  const painted = edit({ filter: 0, kernel: Float32Array.of(1, 2, 3, 4, 5, 6), position: { row: 1, column: 2 } });

  assert.deepEqual(bodyOfEdits([painted, edit({ ablated: true })], layers), [
    { layer: "conv1", filter: 0, ablate: false, kernel: [[[1, 2, 3]], [[4, 5, 6]]], row: 1, column: 2 },
    { layer: "conv1", filter: 2, ablate: true },
  ]);
});

test("64 painted kernels of 3,136 weights survive the address", () => {
  const edits = Array.from({ length: 64 }, (_, filter) =>
    edit({ layer: "conv2", filter, kernel: Float32Array.from({ length: WEIGHTS }, (__, i) => Math.sin(filter * WEIGHTS + i)) }));

  assert.deepEqual(decodeEdits(encodeEdits(edits, LAYERS), LAYERS), edits);
});

test("filters and positions beyond 255 survive the address", () => {
  const edits = [edit({ filter: 499, ablated: true, position: { row: 256, column: 300 } })];

  assert.deepEqual(decodeEdits(encodeEdits(edits, LAYERS), LAYERS), edits);
});

test("damaged edits are left out", () => {
  const text = encodeEdits([edit({ kernel: Float32Array.of(0.5, -1) })], LAYERS);

  assert.deepEqual(decodeEdits(text.slice(0, -3), LAYERS), []);
  assert.deepEqual(decodeEdits("!", LAYERS), []);
});

test("edits of another network are left out", () => {
  const text = encodeEdits([edit({ kernel: Float32Array.of(0.5, -1), position: { row: 9, column: 8 } })], LAYERS);
  /** @type {[string, ReturnType<typeof editable>[]][]} */
  const others = [
    ["no such layer", []],
    ["no such filter", [editable("conv1", 2, [1, 1, 2], [400, 400])]],
    ["another kernel size", [editable("conv1", 500, [1, 2, 2], [400, 400])]],
    ["no such row", [editable("conv1", 500, [1, 1, 2], [9, 9])]],
  ];

  assert.equal(decodeEdits(text, LAYERS).length, 1);
  for (const [name, layers] of others) assert.deepEqual(decodeEdits(text, layers), [], name);
});

test("weights that the API does not accept are left out", () => {
  assert.deepEqual(decodeEdits(encodeEdits([edit({ kernel: Float32Array.of(101, 0) })], LAYERS), LAYERS), []);
});
