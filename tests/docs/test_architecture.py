"""docs/architecture.md names only files, folders and functions that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PATH = re.compile(r"[\w-]+(?:/[\w-]+)*(?:\.(?:py|js|json)|/)")
ROW = re.compile(r"^\| \d+ \| (?P<functions>`[^|]+`) \| (?P<files>`[^|]+`) \|", re.MULTILINE)


def named_paths(text: str) -> list[Path]:
    """The paths in a text: from the project's folder, from ``app``, or from the folder of a path before."""
    found: list[Path] = []
    for name in re.findall(r"`([^`]+)`", text):
        if PATH.fullmatch(name):
            folders = [
                ROOT,
                ROOT / "app",
                *found,
                *(path.parent for path in found),
                *(path.parents[1] for path in found),
            ]
            found.append(next((folder / name for folder in folders if (folder / name).exists()), ROOT / name))
    return found


@pytest.mark.parametrize("paragraph", TEXT.split("\n\n"), ids=lambda paragraph: paragraph[:40])
def test_every_path_exists(paragraph: str):
    missing = [str(path.relative_to(ROOT)) for path in named_paths(paragraph) if not path.exists()]

    assert missing == []


@pytest.mark.parametrize("row", list(ROW.finditer(TEXT)), ids=lambda row: row["functions"].strip("`"))
def test_every_function_of_the_journeys_is_in_one_of_its_files(row: re.Match[str]):
    files = [path for path in named_paths(row["files"]) if path.is_file()]
    folders = [path for path in named_paths(row["files"]) if path.is_dir()]
    code = "".join(path.read_text(encoding="utf-8") for path in [*files, *(f for d in folders for f in d.glob("*.py"))])

    for name in re.findall(r"[`.](\w+)`", row["functions"]):
        assert re.search(rf"(def|class|function|async) {name}\b|^    (async )?def {name}\b", code, re.MULTILINE), name


def test_a_path_that_does_not_exist_is_found():
    assert not named_paths("see `app/operations/nowhere.py`")[0].exists()
    assert named_paths("`app/live/channel.py`, `message.py`")[1] == ROOT / "app" / "live" / "message.py"
