"""The arrows of docs/architecture.md, as sentences that can fail."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Folder or file → what it never imports, and the sentence that says why.
FORBIDDEN = [
    ("model", ["app", "fastapi", "starlette", "PIL"], "model must not know the service or image files"),
    ("app", ["model.train", "model.data"], "the service must not know training"),
    ("app/routes", ["numpy", "PIL", "model"], "routes must not open arrays or know networks"),
    ("app/services", ["fastapi", "starlette", "app.codecs", "app.routes", "app.schemas"], "services handle arrays"),
    ("app/codecs", ["model", "app.services", "app.routes", "app.schemas"], "codecs must not know networks"),
    ("app/middleware", ["model", "app.services", "app.routes", "numpy"], "middleware must not know what is served"),
    ("app/errors.py", ["app", "model", "fastapi", "starlette"], "errors must depend on nothing"),
    ("app/settings.py", ["app", "model", "fastapi", "starlette"], "settings must depend on nothing"),
]


def _imports(path: Path) -> Iterator[str]:
    """Modules that a file imports; those it imports for types alone do not count."""
    tree = ast.parse(path.read_text())
    for_types = {
        child
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        for child in ast.walk(node)
    }
    for node in ast.walk(tree):
        if node in for_types:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize(("place", "forbidden", "reason"), FORBIDDEN, ids=[place for place, _, _ in FORBIDDEN])
def test_imports_follow_the_arrows(place: str, forbidden: list[str], reason: str):
    root = ROOT / place
    files = [root] if root.is_file() else sorted(root.rglob("*.py"))

    wrong = [
        f"{path.relative_to(ROOT)} imports {module}: {reason}"
        for path in files
        for module in _imports(path)
        if any(module == name or module.startswith(f"{name}.") for name in forbidden)
    ]

    assert files
    assert not wrong, "\n".join(wrong)


def test_only_codecs_know_pillow():
    wrong = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "app").rglob("*.py")
        for module in _imports(path)
        if module.startswith("PIL") and path.parent.name != "codecs"
    ]

    assert not wrong
