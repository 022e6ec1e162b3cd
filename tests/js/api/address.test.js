// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { apiAddress, liveAddress, pageAddress, staticAddress } from "../../../static/js/api/address.js";

test("every address begins with the root path", () => {
  assert.equal(apiAddress(["models"], {}, "/lab"), "/lab/api/v1/models");
  assert.equal(liveAddress("https://example.org", "/lab"), "wss://example.org/lab/api/v1/live");
  assert.equal(pageAddress("/editor", "cnn", { root: "/lab", defaultModel: "cnn" }), "/lab/editor");
  assert.equal(new URL(staticAddress("css/base.css")).pathname, new URL("../../../static/css/base.css", import.meta.url).pathname);
});

test("without a root path addresses begin with a slash", () => {
  assert.equal(apiAddress(["models"]), "/api/v1/models");
  assert.equal(liveAddress("http://127.0.0.1:8000"), "ws://127.0.0.1:8000/api/v1/live");
});

test("a page of another model than the default one names it", () => {
  const site = { root: "", defaultModel: "cnn" };

  assert.equal(pageAddress("/", "mlp-500", site), "/?model=mlp-500");
  assert.equal(pageAddress("/", "a b", site), "/?model=a+b");
});

test("a query joins lists by commas and leaves out what is not given", () => {
  const address = apiAddress(["models", "cnn", "feature-maps"], { layers: ["conv1", "relu1"], checkpoint: null, dtype: undefined, zoom: 8, weights: false });

  assert.equal(address, "/api/v1/models/cnn/feature-maps?layers=conv1,relu1&zoom=8&weights=false");
});

test("segments of the path are escaped", () => {
  assert.equal(apiAddress(["models", "a/b?c"]), "/api/v1/models/a%2Fb%3Fc");
});
