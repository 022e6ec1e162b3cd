// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { createCheckpointLoader } from "../../../static/js/training/checkpoint-loader.js";
import { createCheckpointStore } from "../../../static/js/training/checkpoint-store.js";

/** @typedef {import("../../../static/js/types.js").ActivationsResponse} ActivationsResponse */
/** @typedef {import("../../../static/js/types.js").Digit} Digit */

/** @param {Digit} digit  @param {Record<string, number[]>} maps  @returns {ActivationsResponse} */
function responseOf(digit, maps) {
  const tensors = Object.fromEntries(Object.entries(maps).map(([name, data]) => [name, { shape: [data.length, 1, 1], data: Float32Array.from(data) }]));
  return { sequence: 0, digit, prediction: null, framing: { applied: "none", crop: null, placed: null, source_size: [28, 28], polarity: null, removed: [], shapes: 1 }, tensors };
}

test("the 64 responses used last are kept", () => {
  const store = createCheckpointStore();
  const digits = Array.from({ length: 10 }, (_, index) => /** @type {Digit} */ ({ kind: "sample", index }));
  for (const digit of digits) for (let step = 0; step < 24; step += 1) store.keepMaps(step, responseOf(digit, {}));

  assert.deepEqual([store.size, Boolean(store.mapsAt(digits[9], 0)), Boolean(store.mapsAt(digits[0], 0))], [64, true, false]);
});

test("layers that were known before stay", () => {
  const store = createCheckpointStore();
  /** @type {Digit} */
  const digit = { kind: "sample", index: 0 };
  store.keepMaps(1, responseOf(digit, { conv1: [1] }));
  const kept = store.keepMaps(1, responseOf(digit, { conv2: [2] }));
  assert.deepEqual(Object.keys(kept.tensors), ["conv1", "conv2"]);
});

/** A loader whose maps are `[step]` and whose kernels are `[-step]`; `requested` lists what it has requested. */
function loaderOf({ isShared = false } = {}) {
  /** @type {string[]} */
  const requested = [];
  const loader = createCheckpointLoader({
    async maps(digit, layers, step) {
      requested.push(`maps ${layers} ${step}`);
      return responseOf(digit, Object.fromEntries(layers.map((name) => [name, [step]])));
    },
    async kernels(layer, step) {
      requested.push(`kernels ${layer} ${step}`);
      return { shape: [1], data: Float32Array.of(-step) };
    },
  }, [0, 1, 63, 625], () => ["conv1"], () => isShared);
  return { loader, requested };
}

test("a view's maps are those of its step, and of a difference both, each requested once", async () => {
  const { loader, requested } = loaderOf();
  /** @type {Digit} */
  const digit = { kind: "sample", index: 0 };

  const plain = await loader.loadView(digit, ["conv1"], { step: 63, pinned: null, shown: "difference" }, 4);
  const difference = await loader.loadView(digit, ["conv1"], { step: 63, pinned: 1, shown: "difference" }, 5);
  loader.stopFetchingAhead();

  assert.equal(plain.sequence, 4);
  assert.deepEqual([...(plain.training?.shown.tensors.conv1.data ?? [])], [63]);
  assert.deepEqual([...(difference.training?.shown.tensors.conv1.data ?? [])], [62]);
  assert.deepEqual([difference.training?.shown.compared, difference.tensors.conv1.data[0]], [true, 63]);
  assert.equal(plain.training?.rangeOf("conv1"), 63);
  assert.deepEqual([...requested].sort(), ["kernels conv1 1", "kernels conv1 625", "kernels conv1 63", "maps conv1 1", "maps conv1 63"]);
});

test("on one range for all steps, the last step's kernels give all others their scale", async () => {
  const { loader } = loaderOf({ isShared: true });

  const { training } = await loader.loadView({ kind: "sample", index: 0 }, ["conv1"], { step: 63, pinned: null, shown: "now" }, 1);
  loader.stopFetchingAhead();

  assert.equal(training?.rangeOf("conv1"), 625);
});

test("once the digit rests, the neighbors are fetched ahead; leaving the history ends that", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const { loader, requested } = loaderOf();
  /** @type {Digit} */
  const digit = { kind: "sample", index: 0 };
  const fetched = () => requested.filter((each) => each.startsWith("maps")).map((each) => Number(each.split(" ")[2]));

  await loader.loadView(digit, ["conv1"], { step: 63, pinned: null, shown: "difference" }, 1);
  context.mock.timers.tick(149);
  assert.deepEqual(fetched(), [63]);
  context.mock.timers.tick(1);
  assert.deepEqual(fetched(), [63, 1]);
  loader.stopFetchingAhead();
  await new Promise(setImmediate);
  assert.deepEqual(fetched(), [63, 1]);
});
