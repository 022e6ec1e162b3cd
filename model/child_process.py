"""What programs that work for a service in processes of their own have in common."""

import os
import sys
import threading

NICENESS = 10
"""The service beside them comes first."""


def work_for_parent() -> None:
    """Give way to other processes, and end when standard input is closed, so as never to outlive the parent."""
    os.nice(NICENESS)
    threading.Thread(target=_end_with_standard_input, daemon=True).start()


def _end_with_standard_input() -> None:
    # Unbuffered: a buffered reader's lock, held by this thread, would spoil an ordinary exit.
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os._exit(3)
