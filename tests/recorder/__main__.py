"""python -m tests.recorder record|compare [--api|--pages] [--only SUBSTRING]."""

import argparse
import json
import logging
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.recorder.api import record_api
from tests.recorder.compare import differences, renamed
from tests.recorder.pages import record_pages

DATA = Path(__file__).parent / "data"

PARTS: dict[str, Callable[[str], dict[str, dict[str, Any]]]] = {"api": record_api, "pages": record_pages}
"""By name, a function that makes the part's files whose names contain a text."""


def main() -> int:
    """Record, or compare and return 1 if anything differs."""
    parser = argparse.ArgumentParser(prog="python -m tests.recorder", description=__doc__)
    parser.add_argument("action", choices=("record", "compare"))
    part = parser.add_mutually_exclusive_group()
    part.add_argument("--api", dest="parts", action="store_const", const=["api"], help="only the API's responses")
    part.add_argument("--pages", dest="parts", action="store_const", const=["pages"], help="only the pages")
    parser.add_argument("--only", default="", metavar="SUBSTRING", help="only files whose names contain this")
    options = parser.parse_args()
    logging.disable()  # responses of status 500 are recorded; their tracebacks would hide what differs
    count = 0
    for part_name in options.parts or PARTS:
        files = PARTS[part_name](options.only)
        if options.action == "record":
            write(part_name, files, options.only)
        else:
            count += compare(part_name, files, options.only)
    if options.action == "compare":
        print(f"{count} differences")
    return 1 if count else 0


def write(part: str, files: dict[str, dict[str, Any]], only: str) -> None:
    """Replace a part's files whose names contain ``only``."""
    for path in _recorded(part, only).values():
        path.unlink()
    for name, cases in files.items():
        path = DATA / f"{name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(cases, indent=1, sort_keys=True, ensure_ascii=False)
        path.write_text(f"{text}\n", encoding="utf-8")
    print(f"{part}: {len(files)} files, {sum(map(len, files.values()))} cases")


def compare(part: str, files: dict[str, dict[str, Any]], only: str) -> int:
    """Print what differs from the record; returns how many lines that are."""
    recorded = _recorded(part, only)
    count = 0
    for name in sorted({*recorded, *files}):
        old = json.loads(recorded[name].read_text(encoding="utf-8")) if name in recorded else {}
        # Written and read again, so that both sides went through JSON.
        new = json.loads(json.dumps(files.get(name, {})))
        operation = name.partition("/")[2].partition(".")[0]
        for case in sorted({*old, *new}):
            if case not in old or case not in new:
                lines = [f"{'- no longer made' if case in old else '+ not recorded yet'}"]
            else:
                lines = list(differences(renamed(old[case], operation), new[case]))
            if lines:
                print(f"{name} {case}", *lines, sep="\n  ")
            count += len(lines)
    return count


def _recorded(part: str, only: str) -> dict[str, Path]:
    names = {f"{part}/{path.stem}": path for path in sorted(DATA.glob(f"{part}/*.json"))}
    return {name: path for name, path in names.items() if only in name}


if __name__ == "__main__":
    sys.exit(main())
