"""Programs that work for a visitor in processes of their own: nothing they do can hold up or end the service."""

import asyncio
import os
import signal
from contextlib import suppress

from app.settings import ROOT

LINE_BYTES = 2**18
"""Longest line that is read from a process; the kernels of the largest network that visitors train need a tenth."""


async def start(*command: str) -> asyncio.subprocess.Process:
    """Start a command, with pipes for its standard streams.

    The process ends when its standard input is closed, if it uses `model.child_process`: so it does not outlive a
    server that was killed.

    Raises:
        OSError: The operating system starts no process.
    """
    return await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=LINE_BYTES,
        cwd=ROOT,
        start_new_session=True,  # so that it can be ended together with processes of its own
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
    )


def end_group(process: asyncio.subprocess.Process, kind: signal.Signals) -> None:
    """Signal the process and its own processes: one of them that lived on would keep the pipes open."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, kind)


async def read_tail(stream: asyncio.StreamReader, size: int) -> bytes:
    """The last ``size`` bytes. Reads to the end, since a process whose pipe is full would never end."""
    tail = b""
    while chunk := await stream.read(2**16):
        tail = (tail + chunk)[-size:]
    return tail
