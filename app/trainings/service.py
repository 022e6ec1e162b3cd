"""Trains a network for a visitor: one run at a time, in a separate process, with its progress reported."""

import asyncio
import json
import logging
import secrets
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from app.child_process import end_group, read_tail, start
from app.errors import TrainingInProgress, TrainingNotStarted, TrainingOff
from app.model_catalog import ModelCatalog
from app.trainings.messages import ChosenTraining, State, TrainingResponse, TrainingUpdate
from model.artifact import VISITOR_MODEL
from model.errors import ArtifactError
from model.training_request import TrainingRequest

logger = logging.getLogger(__name__)

ERROR_BYTES = 2**14
"""How much of the end of standard error is kept."""

COMMAND = (sys.executable, "-m", "model.visitor_training")

RETRY_SECONDS = 10
"""When to try again if no process could be started."""


@dataclass
class Training:
    """One run.

    Attributes:
        request: What the visitor chose.
        state: Its state.
        updates: What the process has reported, in order.
        problem: Why it failed.
        id: Distinguishes it from every other training, also of another server process.
    """

    request: TrainingRequest
    state: State = "running"
    updates: list[TrainingUpdate] = field(default_factory=list)
    problem: str | None = None
    id: str = field(default_factory=lambda: secrets.token_hex(4))

    def as_response(self) -> TrainingResponse:
        """The response; of all kernels only the newest, or its size would grow with the run."""
        kernels = next((update["kernels"] for update in reversed(self.updates) if "kernels" in update), None)
        updates = [{key: value for key, value in update.items() if key != "kernels"} for update in self.updates]
        return TrainingResponse(
            state=self.state,
            request=ChosenTraining.of(self.request),
            updates=tuple(cast("TrainingUpdate", update) for update in updates),
            kernels=kernels,
            problem=self.problem,
            model=VISITOR_MODEL if self.state == "done" else None,
        )


@dataclass(frozen=True)
class Event:
    """One server-sent event.

    Attributes:
        name: ``start``, ``update`` or ``end``.
        data: JSON values.
        id: What a client sends as `Last-Event-ID` when it reconnects; None if it need not.
    """

    name: Literal["start", "update", "end"]
    data: Mapping[str, Any]
    id: str | None = None


class TrainingService:
    """Starts, follows and ends training runs; all its methods belong to the event loop."""

    def __init__(self, catalog: ModelCatalog, allowed: bool) -> None:
        self._catalog = catalog
        self._allowed = allowed
        self._changed = asyncio.Condition()
        # Start and cancel take turns: a run that is still being started could not be ended.
        self._changing = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self.current: Training | None = None

    async def start(self, request: TrainingRequest) -> Training:
        """Start a training run.

        Raises:
            TrainingOff: This server trains nothing for visitors.
            TrainingInProgress: One is running.
            TrainingNotStarted: The operating system started no process, or there is no room for its files.
        """
        async with self._changing:
            self._require_idle()
            training = self.current = Training(request)
            folder: Path | None = None
            try:
                folder = Path(tempfile.mkdtemp(prefix="kernelscope-"))
                self._process = await _start_process(request, folder)
            except (OSError, asyncio.CancelledError) as error:
                if folder is not None:
                    shutil.rmtree(folder, ignore_errors=True)
                reason = error if isinstance(error, OSError) else "the request was canceled"
                problem = f"The training process could not be started: {reason}."
                self._fail(training, problem, repr(error))
                await self._notify()
                if isinstance(error, asyncio.CancelledError):
                    raise
                raise TrainingNotStarted(problem, RETRY_SECONDS) from error
            self._task = asyncio.create_task(self._follow(training, self._process, folder))
            return training

    async def cancel(self) -> Training | None:
        """End the run that is in progress, if any; returns the current run."""
        async with self._changing:
            if self._process is not None and self.current is not None and self.current.state == "running":
                self.current.state = "canceled"
                end_group(self._process, signal.SIGTERM)
                if self._task is not None:
                    await self._task
            return self.current

    def _require_idle(self) -> None:
        if not self._allowed or self._closed:
            raise TrainingOff(
                "This server trains no networks for visitors: KERNELSCOPE_TRAINING is off, or it has several workers."
            )
        if self.current is not None and self.current.state == "running":
            updates = self.current.updates
            step, steps = (updates[-1].get("step", 0), updates[-1].get("steps", 0)) if updates else (0, 0)
            raise TrainingInProgress(
                f"A network is being trained, step {step} of {steps}; this server trains one at a time."
            )

    async def events(self, last_event_id: str = "") -> AsyncIterator[Event]:
        """What the current training reports, to its end.

        Args:
            last_event_id: Id of the last update that a client received before its connection broke. If it belongs to
                the current training, only what followed is sent.

        Yields:
            ``start`` unless earlier updates are continued: what was received before is to be dropped. Then each
            ``update``, and at last ``end`` with the state.
        """
        training = self.current
        sent = 0 if training is None else _count_received(training, last_event_id)
        if sent == 0:
            yield Event("start", {})
        while training is not None and not self._closed:
            async with self._changed:
                while len(training.updates) == sent and training.state == "running" and not self._closed:
                    await self._changed.wait()
            for update in training.updates[sent:]:
                sent += 1
                yield Event("update", update, f"{training.id}-{sent}")
            if training.state != "running":
                break
        state, problem = ("none", None) if training is None else (training.state, training.problem)
        yield Event("end", {"state": state, "problem": problem})

    async def close(self) -> None:
        """End the run in progress and all event streams."""
        self._closed = True
        await self.cancel()
        await self._notify()

    async def _follow(self, training: Training, process: asyncio.subprocess.Process, folder: Path) -> None:
        try:
            stdout, stderr = process.stdout, process.stderr
            if stdout is None or stderr is None:
                raise OSError("the process has no pipes")
            errors = asyncio.create_task(read_tail(stderr, ERROR_BYTES))
            async for line in stdout:
                training.updates.append(json.loads(line))
                await self._notify()
            status = await process.wait()
            text = (await errors).decode(errors="replace").strip()
            if training.state == "canceled":
                return
            if status == 0:
                await asyncio.to_thread(self._catalog.serve_trained, folder)
                training.state = "done"
            else:
                self._fail(training, text.splitlines()[-1] if text else f"the process ended with status {status}", text)
        except (ValueError, OSError, ArtifactError) as error:
            self._fail(training, str(error), repr(error))
        finally:
            if process.returncode is None:
                end_group(process, signal.SIGKILL)
                await process.wait()
            shutil.rmtree(folder, ignore_errors=True)
            await self._notify()

    def _fail(self, training: Training, problem: str, log: str) -> None:
        training.state, training.problem = "failed", problem
        logger.error("training failed", extra={"problem": log[-2000:]})

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()


async def _start_process(request: TrainingRequest, folder: Path) -> asyncio.subprocess.Process:
    options = [f"--{name.replace('_', '-')}={value}" for name, value in asdict(request).items()]
    return await start(*COMMAND, *options, f"--output={folder}")


def _count_received(training: Training, last_event_id: str) -> int:
    """The number of updates that a client has received, by its last event; 0 if that belongs to another training."""
    training_id, _, number = last_event_id.partition("-")
    if training_id != training.id or not (number.isascii() and number.isdecimal()):
        return 0
    return min(int(number[:9]), len(training.updates))
