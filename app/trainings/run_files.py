"""The files of a training run, from which every worker and replica can show it.

    request.json     what the visitor chose
    classes.json     of a visitor's own symbols: name of each class → number of its drawings
    symbols.json     the drawings themselves, until the training has ended
    state.json       ``state`` and ``problem``
    updates.jsonl    the reports of the process, a line each
    alive            touched every second by the server that trains or will train
    weights.…        the network, when it is done

All of them lie in a folder of `app.state_folder`: whoever deletes that cancels the run.
"""

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from model.training_request import TrainingRequest

Phase = Literal["queued", "running", "done", "failed"]

LIFE_SIGN_SECONDS = 20.0
"""Without a sign of life from the server that trains it for so long, a run has failed."""

ABANDONED = "The server that trained it has stopped."


class RunFiles:
    """One run."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @classmethod
    def create(cls, folder: Path, request: TrainingRequest, symbols: Mapping[str, Any] | None = None) -> "RunFiles":
        """Write the files of a new run, which is queued; ``symbols`` as `model.data.symbols` describes them."""
        files = cls(folder)
        (folder / "request.json").write_text(json.dumps(asdict(request)))
        if symbols is not None:
            files.symbols.write_text(json.dumps(symbols))
            numbers = {each["name"]: len(each["drawings"]) for each in symbols["classes"]}
            (folder / "classes.json").write_text(json.dumps(numbers))
        (folder / "updates.jsonl").touch()
        (folder / "alive").touch()
        files.set_phase("queued")
        return files

    @property
    def symbols(self) -> Path:
        """The file of the drawings."""
        return self.folder / "symbols.json"

    def forget_drawings(self) -> None:
        """Delete the drawings: they were only needed to train."""
        self.symbols.unlink(missing_ok=True)

    def classes(self) -> dict[str, int] | None:
        """Name of each class of a visitor's own symbols → number of drawings; None for MNIST's digits."""
        try:
            written: dict[str, int] = json.loads((self.folder / "classes.json").read_text())
        except FileNotFoundError:
            return None
        return written

    def request(self) -> TrainingRequest:
        """What the visitor chose; raises OSError if the run was deleted."""
        return TrainingRequest(**json.loads((self.folder / "request.json").read_text()))

    def set_phase(self, phase: Phase, problem: str | None = None) -> None:
        """Write the state in one step; of a run that was deleted, nothing."""
        new = self.folder / ".state.json"
        with suppress(OSError):
            new.write_text(json.dumps({"state": phase, "problem": problem}))
            new.replace(self.folder / "state.json")

    def phase(self) -> tuple[Phase, str | None]:
        """The state, and why it failed; raises OSError if the run was deleted."""
        written = json.loads((self.folder / "state.json").read_text())
        if written["state"] in ("queued", "running"):
            age = time.time() - (self.folder / "alive").stat().st_mtime
            if age > LIFE_SIGN_SECONDS:
                return "failed", ABANDONED
        return written["state"], written["problem"]

    def show_life(self) -> bool:
        """Say that somebody trains it or will; False if the run was deleted."""
        try:
            os.utime(self.folder / "alive")
        except OSError:
            return False
        return True

    def add_update(self, line: bytes) -> None:
        """Append a report of the process."""
        with suppress(OSError), (self.folder / "updates.jsonl").open("ab") as file:
            file.write(line)

    def updates(self, start: int = 0) -> tuple[list[dict[str, Any]], int]:
        """Reports from a position in their file on, and the position after them; raises OSError if it was deleted."""
        with (self.folder / "updates.jsonl").open("rb") as file:
            file.seek(start)
            lines = file.read()
        whole = lines[: lines.rfind(b"\n") + 1]
        return [json.loads(line) for line in whole.splitlines()], start + len(whole)
