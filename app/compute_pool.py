"""A few threads with a bounded queue, so that computations never block the event loop for long or pile up."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

from app.errors import NotReady, ServerBusy

P = ParamSpec("P")
T = TypeVar("T")


class ComputePool:
    """Runs functions in threads, a bounded number of them at a time.

    The threads are daemons, since those of `concurrent.futures` keep the process from exiting while one of them runs.

    Attributes:
        pending: Jobs running or waiting.
        queued: Those of them that came through the queue, without a seat.
    """

    def __init__(
        self, threads: int, queue: int, queue_seconds: float, is_full: Callable[[], bool] = lambda: False
    ) -> None:
        """Start the threads.

        Args:
            threads: How many.
            queue: Jobs that may wait for them.
            queue_seconds: How long a job may wait.
            is_full: Whether there is no memory for another result, because clients do not read theirs.
        """
        self._capacity = threads + queue
        self._queue_seconds = queue_seconds
        self._is_full = is_full
        self._open = True
        self._turn = asyncio.Lock()
        self._jobs: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._threads = [threading.Thread(target=self._work, name=f"compute-{i}", daemon=True) for i in range(threads)]
        for thread in self._threads:
            thread.start()
        self.pending = 0
        self.queued = 0

    @property
    def is_open(self) -> bool:
        return self._open

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function in one of the threads.

        Raises:
            ServerBusy: The queue is full, no thread became free in time, or clients leave too much unread.
            NotReady: The pool is closed.
        """
        if self.queued >= self._capacity:
            raise ServerBusy(
                f"{self.queued} requests are being computed or waiting, the most that this server accepts."
            )

        def unless_full() -> T:
            self._require_memory()
            return function(*args, **kwargs)

        future = self._submit(unless_full)
        self.queued += 1
        # Counted when the thread is done, not when the client has gone: an abandoned job still takes its thread.
        loop = asyncio.get_running_loop()
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._leave_queue))
        return await self._result_of(future)

    async def run_seated(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same for a live session, which has one computation at a time: not the queue but the seats limit these.

        Raises:
            ServerBusy: No thread became free in time.
            NotReady: The pool is closed.
        """
        return await self._result_of(self._submit(partial(function, *args, **kwargs)))

    async def run_here(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function that takes no longer than handing it to a thread and back would, in the event loop.

        Raises:
            ServerBusy: Clients leave too much unread.
            NotReady: The pool is closed.
        """
        await self._take_turn()
        self._require_memory()
        return function(*args, **kwargs)

    async def run_here_seated(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same for a live session, which reads its responses in time or ends; raises NotReady as above."""
        await self._take_turn()
        return function(*args, **kwargs)

    async def _take_turn(self) -> None:
        """Wait until the event loop has looked for what has arrived since the last function that it called.

        It accepts one connection each time: with 64 clients that are never done, the last of 64 new ones would else
        wait for three seconds.
        """
        await self._turn.acquire()
        asyncio.get_running_loop().call_soon(self._turn.release)
        self._require_open()

    def _require_open(self) -> None:
        if not self._open:
            raise NotReady("The server is stopping.")

    def _require_memory(self) -> None:
        if self._is_full():
            raise ServerBusy("Responses that other clients do not read take all the memory that this server allows.")

    def _submit(self, function: Callable[[], T]) -> Future[T]:
        self._require_open()
        future: Future[T] = Future()
        loop = asyncio.get_running_loop()
        self.pending += 1
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._finish))
        self._jobs.put((future, function))
        return future

    async def _result_of(self, future: Future[T]) -> T:
        """The result of a job; ServerBusy if no thread became free in time, even while all threads are occupied."""
        # A job that runs cannot be canceled any more.
        timer = asyncio.get_running_loop().call_later(self._queue_seconds, future.cancel)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise  # the client has gone
            if not self._open:
                raise NotReady("The server is stopping.") from None
            raise ServerBusy(f"No thread became free within {self._queue_seconds:g} s.") from None
        finally:
            timer.cancel()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            future, function = job
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = function()
            except BaseException as error:  # whatever it is, it belongs to the one who waits for the result
                future.set_exception(error)
            else:
                future.set_result(result)
            del job, future, function  # this thread may wait for hours, and would keep the last result

    def _finish(self) -> None:
        self.pending -= 1

    def _leave_queue(self) -> None:
        self.queued -= 1

    def close(self, seconds: float) -> None:
        """Accept no more jobs, cancel those that wait, and wait for those that run, but no longer than this."""
        self._open = False
        while not self._jobs.empty():
            job = self._jobs.get()
            if job is not None:
                job[0].cancel()
        for _thread in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join(seconds / len(self._threads))
