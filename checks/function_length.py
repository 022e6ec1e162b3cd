"""Find Python functions of ``app`` and ``model`` that are longer than 60 lines.

``python -m checks.function_length`` prints them and ends with status 1 if there is any. A nested function counts for
itself and for the one around it. JavaScript's functions are checked in ``tests/js/function-length.test.js``.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

LONGEST = 60
"""Lines from ``def`` to the last statement."""


def long_functions(source: str, longest: int = LONGEST) -> Iterator[tuple[str, int, int]]:
    """(name, first line, number of lines) of every longer function."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > longest:
                yield node.name, node.lineno, lines


def main() -> int:
    """Check every module; returns the exit status."""
    found = [
        f"{path.relative_to(ROOT)}:{line}: {name} has {lines} lines; at most {LONGEST}"
        for folder in ("app", "model")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for name, line, lines in long_functions(path.read_text(encoding="utf-8"))
    ]
    print("\n".join(found), end="\n" if found else "")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
