"""What programs that work for a service in processes of their own have in common."""

import os
import sys
import threading
import time
from pathlib import Path

NICENESS = 10
"""The service beside them comes first."""

LOWEST_NICENESS = 19
"""Of what takes long: of a core that both want, Linux gives it an eighth, and the other one the rest."""


SESSION_ATTEMPTS = 5


def work_for_parent(niceness: int = NICENESS) -> None:
    """Give way to other processes, and end when standard input is closed, so as never to outlive the parent."""
    os.nice(niceness)
    if os.getsid(0) == os.getpid():  # or the session of others would give way, too
        _set_session_niceness(niceness)
    threading.Thread(target=_end_with_standard_input, daemon=True).start()


def _set_session_niceness(niceness: int) -> None:
    """Where Linux schedules each session as a group, niceness counts only within it, and the group has its own."""
    for _ in range(SESSION_ATTEMPTS):
        try:
            Path("/proc/self/autogroup").write_text(str(niceness))
        except BlockingIOError:  # somebody has just set theirs
            time.sleep(0.1)
        except OSError:
            return
        else:
            return


def _end_with_standard_input() -> None:
    # Unbuffered: a buffered reader's lock, held by this thread, would spoil an ordinary exit.
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os._exit(3)
