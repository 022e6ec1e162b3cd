"""A few threads with a bounded queue, so that computing never blocks the event loop and never piles up."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from app.errors import NotReady, ServerBusy

P = ParamSpec("P")
T = TypeVar("T")

RETRY_SECONDS = 1


class ComputePool:
    """Runs functions in threads, a bounded number of them at a time.

    Attributes:
        pending: Jobs running or waiting.
    """

    def __init__(self, threads: int, queue: int, queue_seconds: float) -> None:
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="compute")
        self._capacity = threads + queue
        self._queue_seconds = queue_seconds
        self._open = True
        self.pending = 0

    @property
    def is_open(self) -> bool:
        return self._open

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function in one of the threads.

        Raises:
            ServerBusy: The queue is full, or no thread became free in time.
            NotReady: The pool is closed.
        """
        if not self._open:
            raise NotReady("The server is stopping.", headers=_RETRY)
        if self.pending >= self._capacity:
            raise ServerBusy(
                f"{self.pending} requests are being computed or waiting, which is all this server takes on.",
                headers=_RETRY,
                retry_after_seconds=RETRY_SECONDS,
            )
        latest = time.monotonic() + self._queue_seconds
        loop = asyncio.get_running_loop()

        def job() -> T:
            if time.monotonic() > latest:
                raise ServerBusy(
                    f"No thread became free within {self._queue_seconds:g} s.",
                    headers=_RETRY,
                    retry_after_seconds=RETRY_SECONDS,
                )
            return function(*args, **kwargs)

        def finished(_future: Future[T]) -> None:
            # Counted when the thread is done, not when the client has gone: an abandoned job still takes its thread.
            loop.call_soon_threadsafe(self._release)

        self.pending += 1
        future = self._executor.submit(job)
        future.add_done_callback(finished)
        return await asyncio.wrap_future(future)

    def _release(self) -> None:
        self.pending -= 1

    def close(self) -> None:
        """Take on no more, and wait for what runs."""
        self._open = False
        self._executor.shutdown(wait=True, cancel_futures=True)


_RETRY = {"Retry-After": str(RETRY_SECONDS)}
