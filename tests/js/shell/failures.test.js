// @ts-check
import assert from "node:assert/strict";
import test from "node:test";

import { ProblemError, UnreachableError } from "../../../static/js/api/http.js";
import { describeFailure, MissingPartError, Notice, OLDER_PAGE, UNEXPECTED, UNREACHABLE } from "../../../static/js/shell/failures.js";

const IMPORTS = [
  new TypeError("Failed to fetch dynamically imported module: http://localhost:8000/static/js/lens/lens.js"), // Chromium
  new TypeError("error loading dynamically imported module: http://localhost:8000/static/js/lens/lens.js"), // Firefox
  new TypeError("Importing a module script failed."), // WebKit
  new MissingPartError("http://localhost:8000/static/css/components/lens.css"),
];

for (const error of IMPORTS) {
  test(`of "${error.message}" people read what to do`, () => {
    assert.deepEqual([true, false].map((isThere) => describeFailure(error, isThere).sentence), [OLDER_PAGE, UNREACHABLE]);
    assert.equal(describeFailure(error, true).canReload, true);
  });
}

test("an error of the server is shown in its own words, a fault of the page is not", () => {
  const problem = new ProblemError({ title: "Image too large", detail: "The upload is 6.2 MiB; this server accepts up to 4 MiB.", status: 413 });

  assert.equal(describeFailure(problem, true).sentence, "The upload is 6.2 MiB; this server accepts up to 4 MiB.");
  assert.equal(describeFailure(new UnreachableError(), false).sentence, UNREACHABLE);
  const fault = describeFailure(new TypeError("Cannot read properties of undefined (reading 'shape')"), true);
  assert.deepEqual([fault.sentence, fault.isOurs], [UNEXPECTED, true]);
});

test("no sentence names a file, a module or an address", () => {
  for (const error of [...IMPORTS, new UnreachableError(), new RangeError("x.js:3:4")]) {
    for (const isThere of [true, false]) assert.doesNotMatch(describeFailure(error, isThere).sentence, /http|\.js|\.css|module|undefined/i);
  }
});

test("a notice stays when a request succeeds only if it is to last", () => {
  assert.deepEqual([new Notice("a"), new Notice("b", { lasts: true })].map((notice) => describeFailure(notice, true).lasts), [false, true]);
});
