import subprocess
import sys

from tests.servers import ROOT


def test_garbage_is_looked_for_again_once_the_imports_are_done_but_not_among_what_they_created():
    program = """
import gc
before = len(gc.get_objects())
import app.__main__
print(gc.isenabled(), gc.get_freeze_count() > before)
"""

    output = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout

    assert output.split() == ["True", "True"]
