import assert from "node:assert/strict";
import { test } from "node:test";

import { describeName } from "../../../../static/js/experiments/feature-visualization/filter-name.js";

/** @type {import("../../../../static/js/types.js").FilterNames} */
const names = {
  layer: "conv1", rectifier: "relu1", selective_from: 0.2, edge_from: 0.5,
  filters: [
    { filter: 0, name: "edge at 78°, ink on the left", kind: "edge", angle: 78, ink: "on the left", activation: 0.441, selectivity: 0.27, direction: 0.6 },
    { filter: 1, name: "line at 14°", kind: "line", angle: 14, ink: null, activation: 0.16, selectivity: 0.31, direction: 0.37 },
    { filter: 2, name: "not selective", kind: "not selective", angle: null, ink: null, activation: 0.19, selectivity: 0.19, direction: 0.3 },
    { filter: 3, name: "inactive", kind: "inactive", angle: null, ink: null, activation: 0, selectivity: 0, direction: 0 },
  ],
};

test("a name is explained by the values that were measured", () => {
  const shown = "Lines, edges and ends of strokes were shown to it at every angle.";

  assert.deepEqual(describeName(names, 0), {
    name: "edge at 78°, ink on the left",
    explanation: `${shown} The strongest activated it by 0.44 more than blank paper; its selectivity is 0.27. The direction index of its `
      + "strongest edge is 0.60: the same edge with ink and paper exchanged activates it much less (from 0.5 on).",
  });
  assert.match(describeName(names, 1).explanation, /index of its strongest edge is 0\.37: with ink and paper exchanged it is activated, too/);
  assert.match(describeName(names, 2).explanation, /its selectivity is 0\.19, and a filter is named from 0\.2 on\.$/);
  assert.equal(describeName(names, 3).explanation, `${shown} None activated it.`);
});
