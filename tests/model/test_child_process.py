"""Processes that work for a service give way to it, and harm no other process."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from model.child_process import LOWEST_NICENESS

AUTOGROUP = Path("/proc/self/autogroup")
"""As "/autogroup-3 nice 0", and empty for a process whose session is not scheduled as a group."""

REPORT = f"""
import os
from model.child_process import work_for_parent
work_for_parent({LOWEST_NICENESS})
print(os.nice(0), open("{AUTOGROUP}").read())
"""


def niceness(*, own_session: bool) -> tuple[int, int]:
    """Of the process, and of its session."""
    command = [sys.executable, "-c", REPORT]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=own_session
    ) as process:
        assert process.stdout is not None
        own, *group = process.stdout.readline().split()
    if not group:
        pytest.skip("sessions are not scheduled as groups")
    return int(own), int(group[-1])


@pytest.mark.skipif(not os.access(AUTOGROUP, os.W_OK), reason="sessions are not scheduled as groups")
def test_process_in_a_session_of_its_own_has_the_lowest_priority_there_too():
    assert niceness(own_session=True) == (LOWEST_NICENESS, LOWEST_NICENESS)


@pytest.mark.skipif(not AUTOGROUP.exists(), reason="sessions are not scheduled as groups")
def test_process_in_the_session_of_others_leaves_their_priority_alone():
    before = AUTOGROUP.read_text().split()

    own, group = niceness(own_session=False)

    assert (own, group) == (LOWEST_NICENESS, int(before[-1]))
