// Measures every function of static/js with the TypeScript compiler; Python's are measured by checks/function_length.py.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import ts from "typescript";

const STATIC = new URL("../../static/js/", import.meta.url);
const LONGEST = 120; // Lines from a function's first to its last.

/**
 * The functions of a module that are longer, outer ones included.
 * @param {string} path
 * @param {string} source
 * @param {number} [longest]
 * @returns {string[]}
 */
function longFunctions(path, source, longest = LONGEST) {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.Latest, true, ts.ScriptKind.JS);
  /** @param {number} position */
  const lineOf = (position) => file.getLineAndCharacterOfPosition(position).line + 1;
  /** @type {string[]} */
  const found = [];
  /** @param {ts.Node} node */
  const visit = (node) => {
    if (ts.isFunctionLike(node)) {
      const [first, last] = [lineOf(node.getStart(file)), lineOf(node.end)];
      const name = node.name?.getText(file) ?? "a function without a name";
      if (last - first + 1 > longest) found.push(`${path}:${first}: ${name} has ${last - first + 1} lines`);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

test("no function has more than 120 lines", () => {
  const modules = readdirSync(STATIC, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".js"));

  const found = modules.flatMap((path) => longFunctions(path, readFileSync(new URL(path, STATIC), "utf8")));

  assert.deepEqual(found, []);
});

test("a method, an arrow function and a function within another are measured", () => {
  const source = "const a = () => {\n};\nfunction b() {\n  return {\n    c() {\n\n    },\n  };\n}\n";

  assert.deepEqual(longFunctions("m.js", source, 2), [
    "m.js:3: b has 7 lines",
    "m.js:5: c has 3 lines",
  ]);
});
