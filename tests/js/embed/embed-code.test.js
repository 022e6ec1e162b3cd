// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { embedCode } from "../../../static/js/embed/embed-code.js";

test("the code keeps model, digit and path, and can be put into HTML", () => {
  const page = { origin: "https://school.example", search: "?model=mine", hash: '#v=1&n=15&x="' };

  const code = embedCode(page, "/kernelscope", "conv1", { layer: "conv1", filter: "3", theme: undefined });

  assert.equal(code, '<iframe src="https://school.example/kernelscope/embed?layer=conv1&amp;filter=3&amp;model=mine#v=1&amp;n=15&amp;x=%22" '
    + 'title="Kernelscope: conv1" width="100%" height="600" loading="lazy" style="border: 0"></iframe>');
});
