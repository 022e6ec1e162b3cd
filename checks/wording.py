"""Find words that the project replaces by the field's own, in code, texts and documentation.

``python -m checks.wording`` prints every place and ends with status 1 if there is any. Identifiers count as the words
they are made of: ``pokePixel`` and ``poke_pixel`` both hold ``poke``. A line that must keep such a word is listed in
``exceptions.txt`` with its reason.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

CHECKED = re.compile(
    r"^(README|CHANGELOG|CONTRIBUTING)\.md$|^docs/.*\.md$|^(app|model)/.*\.py$|^templates/|^static/js/"
)
"""Paths of what people read: documentation, page, and the texts and names of the code."""

REPLACEMENTS = {
    r"answer(s|ed|ing)?": "response, activation, prediction; to return, to respond",
    r"ask(s|ed|ing)?": "to request",
    r"tell(s|ing)?|told": "to show, to report",
    r"questions?": "request",
    r"readings?(?= (of|before|after|at))|readings": "prediction",
    r"reads? (right|as)": "classified correctly; predicts",
    r"pok(e|es|ed|ing)": "to perturb",
    r"ledgers?": "layer costs",
    r"portraits?|portray(s|ed)?": "feature visualization",
    r"workshop": "training service",
    r"wish(es)?": "training request",
    r"under way": "in progress",
    r"guests?|brought (along )?(a )?networks?": "visitor's model, uploaded model",
    r"nudg(e|es|ed|ing)": "finite difference step",
    r"silenc(e|es|ed|ing)|silent": "to turn off; dead (test set), inactive (this digit)",
    r"unti(e|es|ed)|untying": "unshared weights",
    r"refus(e|es|ed|ing|al|als)": "error; to reject",
    r"pour(s|ed|ing)?": "to add up, to sum",
    r"ow(e|es|ed)": "gradient",
    r"sp(eaks?|oke) for": "to support",
    r"peak rates?": "max learning rate",
    r"all places|(each|every|one|its|their|which) places?": "position",
    r"nobody else|lets? nobody": "a direct sentence",
}

EXCEPTIONS = Path(__file__).with_name("exceptions.txt")


@dataclass(frozen=True)
class Finding:
    """A replaced word.

    Attributes:
        path: File, from the project's folder.
        line: Number of the line, from 1.
        word: As found.
        instead: What the project says.
        text: The whole line.
    """

    path: str
    line: int
    word: str
    instead: str
    text: str


def find_words(path: str, text: str) -> Iterator[Finding]:
    """Every replaced word of a file's text."""
    for number, line in enumerate(text.splitlines(), start=1):
        words = _as_words(line)
        for pattern, instead in REPLACEMENTS.items():
            for match in re.finditer(rf"\b({pattern})\b", words):
                yield Finding(path, number, match.group(), instead, line.strip())


def is_excepted(finding: Finding, exceptions: list[tuple[str, str]]) -> bool:
    """Whether a listed line holds the word for a reason."""
    return any(re.search(path, finding.path) and text in finding.text for path, text in exceptions)


def read_exceptions(text: str) -> list[tuple[str, str]]:
    """(pattern of paths, text of the line) of every exception.

    Raises:
        ValueError: A line lacks one of its three parts: paths, text and reason, separated by `` | ``.
    """
    exceptions = []
    for line in text.splitlines():
        if line and not line.startswith("#"):
            parts = line.split(" | ")
            if len(parts) != 3 or not all(parts):
                raise ValueError(f"an exception is: paths | text of the line | reason; this is: {line}")
            exceptions.append((parts[0], parts[1]))
    return exceptions


def main() -> int:
    """Check every tracked file; returns the exit status."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout  # noqa: S607
    exceptions = read_exceptions(EXCEPTIONS.read_text(encoding="utf-8"))
    findings = [
        finding
        for path in listed.splitlines()
        if CHECKED.search(path) and (ROOT / path).exists()
        for finding in find_words(path, (ROOT / path).read_text(encoding="utf-8"))
        if not is_excepted(finding, exceptions)
    ]
    for finding in findings:
        print(f"{finding.path}:{finding.line}: {finding.word!r} → {finding.instead}: {finding.text[:100]}")
    if findings:
        print(f"{len(findings)} words to replace, in {len({finding.path for finding in findings})} files.")
    return bool(findings)


def _as_words(line: str) -> str:
    """The line in lower case, its identifiers taken apart."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_", " ", line)
    return apart.lower()


if __name__ == "__main__":
    sys.exit(main())
