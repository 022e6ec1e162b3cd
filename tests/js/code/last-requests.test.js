// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { lastRequest, modelOf, remember, writtenQuery } from "../../../static/js/code/last-requests.js";

test("the newest request of a name is kept", () => {
  assert.equal(lastRequest("saliency"), null);
  remember("saliency", { fields: { label: 1 } });
  remember("saliency", { fields: { label: 2 } });
  assert.deepEqual(lastRequest("saliency"), { fields: { label: 2 } });
});

test("the model is the first of the request, else that of the page", () => {
  assert.equal(modelOf({ query: { model: "cnn" } }, "page"), "cnn");
  assert.equal(modelOf({ query: { models: ["mlp-500", "cnn"] } }, "page"), "mlp-500");
  assert.equal(modelOf({ query: { models: undefined } }, "page"), "page");
  assert.equal(modelOf({}, "page"), "page");
});

test("a query is written without what is not given", () => {
  assert.deepEqual(writtenQuery({ models: ["a", "b"], dtype: "float16", checkpoint: null, layer: undefined, weights: false }), { models: "a,b", weights: false });
});
