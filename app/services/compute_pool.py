"""A few threads with a bounded queue, so that computing never blocks the event loop and never piles up."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from app.errors import NotReady, ServerBusy

P = ParamSpec("P")
T = TypeVar("T")

RETRY_SECONDS = 1


class ComputePool:
    """Runs functions in threads, a bounded number of them at a time.

    Attributes:
        pending: Jobs running or waiting.
        queued: Those of them that came without a seat.
    """

    def __init__(self, threads: int, queue: int, queue_seconds: float) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="compute")
        self._capacity = threads + queue
        self._queue_seconds = queue_seconds
        self._open = True
        self.pending = 0
        self.queued = 0

    @property
    def is_open(self) -> bool:
        return self._open

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function in one of the threads.

        Raises:
            ServerBusy: The queue is full, or no thread became free in time.
            NotReady: The pool is closed.
        """
        if self.queued >= self._capacity:
            raise ServerBusy(
                f"{self.queued} requests are being computed or waiting, which is all this server takes on.",
                headers=_RETRY,
                retry_after_seconds=RETRY_SECONDS,
            )
        future = self._submit(partial(function, *args, **kwargs))
        self.queued += 1
        # Counted when the thread is done, not when the client has gone: an abandoned job still takes its thread.
        loop = asyncio.get_running_loop()
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._leave_queue))
        return await asyncio.wrap_future(future)

    async def run_seated(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The same for who has a seat and asks one question at a time: there are only so many seats, so no queue.

        Raises:
            ServerBusy: No thread became free in time.
            NotReady: The pool is closed.
        """
        return await asyncio.wrap_future(self._submit(partial(function, *args, **kwargs)))

    def _submit(self, function: Callable[[], T]) -> Future[T]:
        if not self._open:
            raise NotReady("The server is stopping.", headers=_RETRY)
        latest = time.monotonic() + self._queue_seconds
        loop = asyncio.get_running_loop()

        def job() -> T:
            if time.monotonic() > latest:
                raise ServerBusy(
                    f"No thread became free within {self._queue_seconds:g} s.",
                    headers=_RETRY,
                    retry_after_seconds=RETRY_SECONDS,
                )
            return function()

        self.pending += 1
        future = self._executor.submit(job)
        future.add_done_callback(lambda _: loop.call_soon_threadsafe(self._finish))
        return future

    def _finish(self) -> None:
        self.pending -= 1

    def _leave_queue(self) -> None:
        self.queued -= 1

    def close(self) -> None:
        """Take on no more, and wait for what runs."""
        self._open = False
        self._executor.shutdown(wait=True, cancel_futures=True)


_RETRY = {"Retry-After": str(RETRY_SECONDS)}
