"""Reads the files of visitors' networks, one at a time, in processes of their own."""

import asyncio
import signal
import sys
from pathlib import Path

from app.child_process import end_group, read_tail, start
from app.errors import NetworkUnreadable, ServerBusy

COMMAND = (sys.executable, "-m", "app.import_network")

IMPORT_SECONDS = 20.0
"""Time to read a file; a network within the bounds takes one or two seconds."""

WAITING = 4
"""Files that may wait while another one is read."""

MESSAGE_BYTES = 2000
"""How much is kept of what the process says."""


class NetworkImports:
    """A queue of files."""

    def __init__(self, artifacts: Path) -> None:
        """Take the test digits from this folder."""
        self._artifacts = artifacts
        self._turn = asyncio.Lock()
        self._present = 0

    async def run(self, folder: Path, name: str, file_name: str) -> None:
        """Read ``network.onnx`` in a folder; see `app.import_network`.

        Args:
            folder: Where the file is, and where the network is written.
            name: The network's id.
            file_name: What the visitor's file is called.

        Raises:
            NetworkUnreadable: It is not a network that can be shown, or takes too long; the message says why.
            ServerBusy: Too many files wait, or no process could be started.
        """
        if self._present > WAITING:
            raise ServerBusy(f"{self._present} networks are being read or waiting, the most that this server accepts.")
        self._present += 1
        try:
            async with self._turn:
                problem = await self._run(str(folder), name, file_name)
        finally:
            self._present -= 1
        if problem is not None:
            raise NetworkUnreadable(f"{file_name} {problem}.")

    async def _run(self, *arguments: str) -> str | None:
        """Returns what is wrong with the file."""
        try:
            process = await start(*COMMAND, *arguments, str(self._artifacts))
        except OSError as error:
            raise ServerBusy(f"The process that reads networks could not be started: {error}.") from error
        try:
            async with asyncio.timeout(IMPORT_SECONDS):
                said, failure = await asyncio.gather(_tail(process.stdout), _tail(process.stderr))
                status = await process.wait()
        except TimeoutError:
            return f"could not be read within {IMPORT_SECONDS:g} s"
        finally:
            end_group(process, signal.SIGKILL)
            await process.wait()
        if status == 0:
            return None
        if said:
            return said
        reason = failure.splitlines()[-1] if failure else f"the process ended with status {status}"
        return f"could not be read: {reason}"


async def _tail(stream: asyncio.StreamReader | None) -> str:
    return "" if stream is None else (await read_tail(stream, MESSAGE_BYTES)).decode(errors="replace").strip()
