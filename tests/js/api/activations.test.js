// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { bodyOf, requestActivations } from "../../../static/js/api/activations.js";
import { downloadActivations } from "../../../static/js/api/downloads.js";
import { ProblemError } from "../../../static/js/api/http.js";
import { requestKernels } from "../../../static/js/api/kernels.js";
import { encodeTensors } from "../tensors.js";

const FRAMING = { applied: "mnist", crop: null, placed: null, source_size: [112, 112], polarity: null };

/**
 * Let every request get this response, and keep what was requested.
 * @param {import("node:test").TestContext} context
 * @param {Response | Error} response
 */
function respondWith(context, response) {
  /** @type {{url: string, init: RequestInit}[]} */
  const requests = [];
  context.mock.method(globalThis, "fetch", async (/** @type {string} */ url, /** @type {RequestInit} */ init) => {
    requests.push({ url, init });
    if (response instanceof Error) throw response;
    return response;
  });
  return requests;
}

test("activations are requested by layer, in half precision, and read from the response", async (context) => {
  const buffer = encodeTensors({ relu1: { shape: [1, 1, 2], values: [0.5, 2] } }, {
    prediction: JSON.stringify({ digit: 7, probability: 0.9 }), framing: JSON.stringify(FRAMING),
  });
  const requests = respondWith(context, new Response(buffer));

  const activations = await requestActivations("cnn", { kind: "sample", index: 3 }, { layers: ["relu1", "pool1"] });

  assert.equal(requests[0].url, "/api/v1/models/cnn/feature-maps?layers=relu1,pool1&dtype=float16");
  assert.equal(requests[0].init.method, "POST");
  assert.equal(requests[0].init.body, '{"sample":3}');
  assert.deepEqual(activations.prediction, { digit: 7, probability: 0.9 });
  assert.deepEqual(activations.framing, FRAMING);
  assert.deepEqual(activations.tensors.relu1, { shape: [1, 1, 2], data: Float32Array.of(0.5, 2) });
});

test("an earlier step of training and single precision can be requested", async (context) => {
  const requests = respondWith(context, new Response(encodeTensors({ kernels: { shape: [1], values: [1] }, biases: { shape: [1], values: [2] } })));

  const { kernels, biases } = await requestKernels("cnn", "conv1", { dtype: "float32", checkpoint: 200 });

  assert.equal(requests[0].url, "/api/v1/models/cnn/layers/conv1/kernels?dtype=float32&checkpoint=200");
  assert.equal(requests[0].init.method, "GET");
  assert.deepEqual([...kernels.data, ...biases.data], [1, 2]);
});

test("a download names its format, and one filter if it is of one alone", async (context) => {
  const requests = respondWith(context, new Response("png"));

  await downloadActivations("cnn", { kind: "sample", index: 3 }, { layer: "conv1", filter: 0, format: "png", theme: "dark", checkpoint: null });

  assert.equal(requests[0].url, "/api/v1/models/cnn/feature-maps?layers=conv1&filter=0&theme=dark&zoom=8");
  assert.deepEqual(requests[0].init.headers, { Accept: "image/png", "Content-Type": "application/json" });
});

test("pixels of MNIST's size are sent row by row and not framed; others cannot be taken as they are", () => {
  const data = Float32Array.from({ length: 784 }, (_, i) => i);
  const small = { width: 2, height: 2, data: Float32Array.of(0, 0.25, 0.5, 1) };

  const body = bodyOf({ kind: "pixels", plane: { width: 28, height: 28, data } });

  assert.deepEqual(body, { pixels: Array.from({ length: 28 }, (_, row) => [...data.slice(28 * row, 28 * row + 28)]), framing: "none" });
  assert.deepEqual(bodyOf({ kind: "pixels", plane: small }), { pixels: [[0, 0.25], [0.5, 1]] });
});

test("an error says what the problem response says", async (context) => {
  respondWith(context, Response.json({ title: "Not found", detail: "There is no model 'x'.", status: 404 }, { status: 404 }));

  await assert.rejects(requestKernels("x", "conv1"), (error) => error instanceof ProblemError && error.status === 404 && error.message === "There is no model 'x'.");
});

test("a server that cannot be reached is a problem of status 0", async (context) => {
  respondWith(context, new TypeError("network"));

  await assert.rejects(requestKernels("cnn", "conv1"), (error) => error instanceof ProblemError && error.status === 0);
});

test("an aborted request stays an abort", async (context) => {
  const aborted = new DOMException("aborted", "AbortError");
  respondWith(context, aborted);

  await assert.rejects(requestKernels("cnn", "conv1", { signal: AbortSignal.abort() }), aborted);
});
