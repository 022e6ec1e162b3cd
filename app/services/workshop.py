"""A visitor's own training: one at a time, in a process of its own, followed while it runs."""

import asyncio
import json
import logging
import os
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from app.errors import TrainingOff, TrainingUnderWay
from app.services.network_catalog import NetworkCatalog
from app.settings import ROOT
from model.artifact import GUEST
from model.errors import ArtifactError
from model.workshop import Wish

logger = logging.getLogger(__name__)

State = Literal["running", "done", "failed", "canceled"]

LINE_BYTES = 2**18
"""Longest line that is read from the process: the kernels of the largest network take a tenth of it."""

ERROR_BYTES = 2**14


@dataclass
class Training:
    """One run.

    Attributes:
        wish: What was chosen.
        state: What has become of it.
        updates: What the process told, in order.
        problem: Why it failed.
    """

    wish: Wish
    state: State = "running"
    updates: list[dict[str, Any]] = field(default_factory=list)
    problem: str | None = None

    def as_answer(self) -> dict[str, Any]:
        """JSON values; of the updates' kernels only the newest, or the answer would grow with the run."""
        kernels = next((update["kernels"] for update in reversed(self.updates) if "kernels" in update), None)
        curve = [{key: value for key, value in update.items() if key != "kernels"} for update in self.updates]
        return {
            "state": self.state,
            "wish": asdict(self.wish),
            "updates": curve,
            "kernels": kernels,
            "problem": self.problem,
            "model": GUEST if self.state == "done" else None,
        }


class Workshop:
    """Starts, follows and ends trainings; all its methods belong to the event loop."""

    def __init__(self, catalog: NetworkCatalog, allowed: bool) -> None:
        self._catalog = catalog
        self._allowed = allowed
        self._changed = asyncio.Condition()
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self.current: Training | None = None

    async def start(self, wish: Wish) -> Training:
        """Begin a training.

        Raises:
            TrainingOff: This server trains nothing for visitors.
            TrainingUnderWay: One is running.
        """
        if not self._allowed or self._closed:
            raise TrainingOff(
                "This server trains no networks for visitors: KERNELSCOPE_TRAINING is off, or it has several workers."
            )
        if self.current is not None and self.current.state == "running":
            updates = self.current.updates
            step, steps = (updates[-1].get(key, 0) if updates else 0 for key in ("step", "steps"))
            raise TrainingUnderWay(
                f"A network is being trained, step {step} of {steps}; this server trains one at a time."
            )
        training = self.current = Training(wish)
        folder = Path(tempfile.mkdtemp(prefix="kernelscope-"))
        options = [f"--{name.replace('_', '-')}={value}" for name, value in asdict(wish).items()]
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "model.workshop",
            *options,
            f"--output={folder}",
            # It ends when this pipe does, so not even a killed server leaves it behind.
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=LINE_BYTES,
            cwd=ROOT,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )
        self._task = asyncio.create_task(self._follow(training, self._process, folder))
        return training

    async def cancel(self) -> Training | None:
        """End the training that runs, if any; answers with what there is."""
        if self._process is not None and self.current is not None and self.current.state == "running":
            self.current.state = "canceled"
            with suppress(ProcessLookupError):
                self._process.terminate()
            if self._task is not None:
                await self._task
        return self.current

    async def updates(self) -> AsyncIterator[dict[str, Any]]:
        """What the current training tells, from its start to its end; last, what has become of it."""
        training = self.current
        told = 0
        while training is not None:
            async with self._changed:
                while len(training.updates) == told and training.state == "running" and not self._closed:
                    await self._changed.wait()
            for update in training.updates[told:]:
                yield update
            told = len(training.updates)
            if training.state != "running" or self._closed:
                yield {"state": training.state, "problem": training.problem}
                return

    async def close(self) -> None:
        """End what runs, and let go of who follows."""
        self._closed = True
        await self.cancel()
        await self._notify()

    async def _follow(self, training: Training, process: asyncio.subprocess.Process, folder: Path) -> None:
        try:
            stdout, stderr = process.stdout, process.stderr
            if stdout is None or stderr is None:
                raise OSError("the process has no pipes")
            errors = asyncio.create_task(stderr.read(ERROR_BYTES))
            async for line in stdout:
                training.updates.append(json.loads(line))
                await self._notify()
            status = await process.wait()
            said = (await errors).decode(errors="replace").strip()
            if training.state == "canceled":
                return
            if status == 0:
                await asyncio.to_thread(self._catalog.welcome, folder)
                training.state = "done"
            else:
                self._fail(training, said.splitlines()[-1] if said else f"the process ended with status {status}", said)
        except (ValueError, OSError, ArtifactError) as error:
            self._fail(training, str(error), repr(error))
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            shutil.rmtree(folder, ignore_errors=True)
            await self._notify()

    def _fail(self, training: Training, problem: str, log: str) -> None:
        training.state, training.problem = "failed", problem
        logger.error("training failed", extra={"problem": log[-2000:]})

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()
