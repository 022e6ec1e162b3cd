"""How many trainings run at a time on a machine, over all workers: as many as there are slots.

Long trainings have slots of their own, so that short ones never wait for them; they run with the lowest priority, and
take what the others leave. A slot is a locked file in the folder for temporary files, which the system unlocks when its
process ends.
"""

import fcntl
import os
import tempfile
from pathlib import Path

SLOTS = max(2, os.cpu_count() or 1)
"""For short trainings, and as many for long ones. The service comes first at any time: trainings give way."""


class Slots:
    """Those of this machine."""

    def __init__(self, folder: Path | None = None, count: int = SLOTS) -> None:
        """Use the files of a folder, or those of this user on this machine."""
        self._folder = folder or Path(tempfile.gettempdir()) / f"kernelscope-slots-{os.getuid()}"
        self._count = count

    def take(self, *, is_long: bool) -> int | None:
        """The slot that was taken, to be given back; None if none is free."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        for number in range(self._count):
            slot = os.open(
                self._folder / f"{'long' if is_long else 'short'}-{number}",
                os.O_RDWR | os.O_CREAT | os.O_CLOEXEC,
                0o600,
            )
            try:
                fcntl.flock(slot, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(slot)
            else:
                return slot
        return None

    @staticmethod
    def give_back(slot: int) -> None:
        """Let another training take it."""
        os.close(slot)
