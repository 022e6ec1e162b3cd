"""keep_freed_memory: what the kernel hands out is used again. Counted in page faults, in a process of its own."""

import subprocess
import sys

import pytest

COUNT_FAULTS = """
import resource, sys
import numpy as np
from model.memory import keep_freed_memory

if sys.argv[1] == "keep":
    keep_freed_memory(array_bytes=2**25, total_bytes=2**25)
np.ones(2**18, dtype=np.float32)
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(100):
    np.ones(2**18, dtype=np.float32)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="a matter of glibc")
def test_freed_arrays_are_used_again_without_new_pages():
    def faults(how: str) -> int:
        command = [sys.executable, "-c", COUNT_FAULTS, how]
        return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    # 1 MiB is 256 pages, or one huge one.
    assert faults("keep") < 50 <= faults("give back")
