// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { choicesFrom, fieldsOfChoices, openingState } from "../../../static/js/editor/editor-state.js";
import { fieldsOf, joinFields } from "../../../static/js/shell/url.js";

/** @type {import("../../../static/js/editor/editable-layers.js").EditableLayer[]} */
const LAYERS = /** @type {any} */ ([
  { name: "conv1", filters: 16, kernelShape: [1, 5, 5], mapSize: [28, 28] },
  { name: "conv2", filters: 32, kernelShape: [16, 3, 3], mapSize: [12, 12] },
]);

test("every choice of the editor survives the address", () => {
  for (const layer of LAYERS) {
    for (const shared of [true, false]) {
      for (const shown of /** @type {const} */ (["edited", "learned", "difference"])) {
        const filter = layer.filters - 1;
        const channel = layer.kernelShape[0] - 1;
        const middle = layer.mapSize[0] / 2;
        const position = shared ? { row: middle, column: middle } : { row: layer.mapSize[0] - 1, column: 2 };
        const choices = { layer: layer.name, filter, channel, shared, position, shown };

        const fields = joinFields(fieldsOfChoices({ ...openingState(LAYERS, []), ...choices }, LAYERS));

        assert.deepEqual(choicesFrom(fieldsOf(fields), LAYERS), choices);
      }
    }
  }
});

test("an editor in which nothing was chosen adds nothing to the address, and damaged choices are left out", () => {
  const { edits: _, ...opening } = openingState(LAYERS, []);

  assert.equal(joinFields(fieldsOfChoices(openingState(LAYERS, []), LAYERS)), "");
  for (const damaged of ["", "f=7.0.0", "f=x", "o=99.1", "m=other", "f=0.16.0"]) assert.deepEqual(choicesFrom(fieldsOf(damaged), LAYERS), opening);
});
