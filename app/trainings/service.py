"""Trains networks for visitors, each in a process of its own; some at a time, the others wait."""

import asyncio
import logging
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from app.child_process import end_group, read_tail, start
from app.errors import ServerBusy, TrainingOff, UnknownTraining
from app.state_folder import StateFolder
from app.trainings.messages import TrainingResponse
from app.trainings.run_files import ABANDONED, RunFiles
from app.trainings.slots import Slots
from model.training_request import TrainingRequest

logger = logging.getLogger(__name__)

ERROR_BYTES = 2**14
"""How much of the end of standard error is kept."""

COMMAND = (sys.executable, "-m", "model.visitor_training")

MOST_RUNS = 100
"""That run or wait in one process: three for each of a class of thirty."""

WATCH_SECONDS = 0.25
"""Between two looks at the files of a run."""

LIFE_SECONDS = 1.0
"""Between two signs of life of a run; a run that somebody deleted ends within this time."""

STOPPED = "The server was stopped."


@dataclass(frozen=True)
class Event:
    """One server-sent event.

    Attributes:
        name: ``start``, ``place``, ``update`` or ``end``.
        data: JSON values.
        id: What a client sends as `Last-Event-ID` when it reconnects; None if it need not.
    """

    name: Literal["start", "place", "update", "end"]
    data: Mapping[str, Any]
    id: str | None = None


class TrainingService:
    """Starts, follows and ends training runs; all its methods belong to the event loop.

    A run is queued, then it runs, then it is done or has failed; at any time its owner can delete it, which every
    worker sees from the files. A run is trained by the worker that received it.
    """

    def __init__(self, state: StateFolder, artifacts: Path, slots: Slots, *, allowed: bool) -> None:
        """Keep runs in a state folder, and read the training digits from the artifacts folder."""
        self.state = state
        self._artifacts = artifacts
        self._slots = slots
        self._allowed = allowed
        self._closed = False
        self._starting = 0
        self._ended: set[str] = set()
        self._tasks: dict[str, asyncio.Task[None]] = {}
        # The first in each line tries to take a slot.
        self._lines = {is_long: asyncio.Lock() for is_long in (False, True)}
        self._queue: tuple[float, list[str]] = (0.0, [])

    async def start(self, request: TrainingRequest, symbols: Mapping[str, Any] | None = None) -> tuple[str, str]:
        """Queue a training run; returns its id and its owner's token.

        Args:
            request: What the visitor chose.
            symbols: The visitor's own drawings, as `model.data.symbols` describes them; None: MNIST's digits.

        Raises:
            TrainingOff: This server trains nothing for visitors.
            StateFull: There is no room for another run.
            ServerBusy: Too many runs wait in this process.
        """
        if not self._allowed or self._closed:
            raise TrainingOff("This server trains no networks for visitors: KERNELSCOPE_TRAINING is off.")
        if (runs := len(self._tasks) + self._starting) >= MOST_RUNS:
            raise ServerBusy(f"{runs} trainings run or wait here, the most that this server accepts.", 60)
        self._starting += 1
        try:
            run, owner = await asyncio.to_thread(self._create, request, symbols)
        finally:
            self._starting -= 1
        files = RunFiles(self.state.path_of(run))
        if self._closed:
            files.set_phase("failed", STOPPED)
            return run, owner
        task = asyncio.create_task(self._train(run, request, files))
        self._tasks[run] = task
        task.add_done_callback(lambda _: self._tasks.pop(run, None))
        return run, owner

    def _create(self, request: TrainingRequest, symbols: Mapping[str, Any] | None) -> tuple[str, str]:
        """The files of a new run; its id and its owner's token. Looks at all that are kept, which takes a while."""
        with self.state.new_folder() as new:
            RunFiles.create(new.path, request, symbols)
            return new.id, self.state.keep(new)

    async def delete(self, run: str, owner: str) -> None:
        """Cancel a run and delete its network; returns when its process has ended, if it is this worker's.

        Raises:
            UnknownTraining: There is no such run of this owner.
        """
        if not self.state.remove(run, owner):
            raise UnknownTraining("No training has this id and this token.")
        if task := self._tasks.get(run):
            task.cancel()
            await asyncio.wait([task])

    def describe(self, run: str) -> TrainingResponse:
        """The run as it is now; raises UnknownTraining."""
        files = self._files(run)
        try:
            request, (phase, problem), (updates, _) = files.request(), files.phase(), files.updates()
            classes = files.classes()
        except OSError:  # deleted a moment ago
            raise UnknownTraining(self.state.what_became_of(run)) from None
        return TrainingResponse.of(run, request, classes, phase, problem, updates, self._place_of(run, phase))

    async def events(self, run: str, last_event_id: str = "") -> AsyncIterator[Event]:
        """What a run reports, to its end.

        Args:
            run: Its id, which `describe` knows.
            last_event_id: Id of the last update that a client received before its connection broke: only what followed
                is sent.

        Yields:
            ``start`` unless earlier updates are continued: what was received before is to be dropped. Then each
            ``place`` in the queue and the beginning, each ``update``, and at last ``end`` with the state.
        """
        files, position, shown = RunFiles(self.state.path_of(run)), 0, None
        received = int(last_event_id[:9]) if last_event_id.isascii() and last_event_id.isdecimal() else 0
        if received == 0:
            yield Event("start", {})
        sent = 0
        while True:
            try:
                phase, problem = files.phase()
                updates, position = files.updates(position)
            except OSError:
                yield Event("end", {"state": "canceled", "problem": None})
                return
            for update in updates:
                sent += 1
                if sent > received:
                    yield Event("update", update, str(sent))
            if phase in ("done", "failed"):
                yield Event("end", {"state": phase, "problem": problem})
                return
            if self._closed:
                return  # the client connects again, to another worker or to this one when it is back
            if (now := {"state": phase, "place": self._place_of(run, phase)}) != shown:
                shown = now
                yield Event("place", now)
            await asyncio.sleep(WATCH_SECONDS)

    async def close(self) -> None:
        """End this worker's runs, and all event streams."""
        self._closed = True
        tasks = dict(self._tasks)
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)
        for run in tasks:
            RunFiles(self.state.path_of(run)).set_phase("failed", STOPPED)

    def _files(self, run: str) -> RunFiles:
        folder = self.state.find(run)
        if folder is None:
            raise UnknownTraining(self.state.what_became_of(run))
        return RunFiles(folder)

    def _place_of(self, run: str, phase: str) -> int | None:
        """The place of a queued run in the queue of all workers, from 1; they are read at most once a second."""
        if phase != "queued":
            return None
        read_at, queue = self._queue
        if time.monotonic() - read_at > LIFE_SECONDS or run not in queue:
            kept = {folder.name: folder for folder in self.state.kept()}
            self._ended &= kept.keys()
            waiting = []
            for name in kept.keys() - self._ended:
                try:
                    phase_now, problem = RunFiles(kept[name]).phase()
                    if phase_now == "queued":
                        waiting.append(((kept[name] / "request.json").stat().st_mtime_ns, name))
                except OSError:
                    continue
                if phase_now in ("done", "failed") and problem != ABANDONED:
                    self._ended.add(name)
            queue = [name for _, name in sorted(waiting)]
            self._queue = time.monotonic(), queue
        return queue.index(run) + 1 if run in queue else None

    async def _train(self, run: str, request: TrainingRequest, files: RunFiles) -> None:
        """Wait for a slot, and train; canceled if the run is deleted or the server stops."""
        life = asyncio.create_task(self._show_life(files, asyncio.current_task()))
        try:
            async with self._lines[request.is_long]:
                while (slot := self._slots.take(is_long=request.is_long)) is None:  # noqa: ASYNC110 - other processes hold some
                    await asyncio.sleep(WATCH_SECONDS)
            try:
                files.set_phase("running")
                problem = await self._run(run, request, files)
            finally:
                self._slots.give_back(slot)
            files.set_phase("failed" if problem else "done", problem)
        finally:
            life.cancel()
            files.forget_drawings()

    async def _show_life(self, files: RunFiles, training: "asyncio.Task[None] | None") -> None:
        while files.show_life():  # noqa: ASYNC110 - another process may delete them
            await asyncio.sleep(LIFE_SECONDS)
        if training is not None:
            training.cancel()  # another worker has deleted it

    async def _run(self, run: str, request: TrainingRequest, files: RunFiles) -> str | None:
        """Train; returns why it failed."""
        options = [f"--{name.replace('_', '-')}={value}" for name, value in asdict(request).items()]
        where = [f"--output={files.folder}", f"--name={run}", f"--artifacts={self._artifacts}"]
        if files.symbols.exists():
            where.append(f"--symbols={files.symbols}")
        try:
            process = await start(*COMMAND, *options, *where)
        except OSError as error:
            logger.error("training failed", extra={"problem": repr(error)})
            return f"The training process could not be started: {error}."
        try:
            if process.stdout is None or process.stderr is None:
                return "The training process has no pipes."
            errors = asyncio.create_task(read_tail(process.stderr, ERROR_BYTES))
            async for line in process.stdout:
                files.add_update(line)
            status = await process.wait()
            text = (await errors).decode(errors="replace").strip()
        except ValueError:  # a line that is too long
            return "The training process reported something that cannot be read."
        finally:
            end_group(process, signal.SIGKILL)
            await process.wait()
        if status == 0:
            return None
        logger.error("training failed", extra={"problem": text[-2000:]})
        return text.splitlines()[-1] if text else f"The process ended with status {status}."
