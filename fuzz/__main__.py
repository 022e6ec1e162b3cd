"""``make fuzz``: look for what breaks the service, for as long as there is time.

Two searches, one after the other: Schemathesis asks every operation of the OpenAPI document what it should and should
not be asked, with all of its checks; and atheris looks for bytes that take the decoders somewhere new (see
`fuzz.decoders`). What either finds is printed with what reproduces it, and becomes a test. The service's memory is
measured before and after.
"""

import argparse
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fuzz import TARGETS

ROOT = Path(__file__).resolve().parents[1]

GROWTH_BYTES = 2**25
"""More resident memory than this, in the second half of the time, is a leak. Measured: 2 MiB in the second minute, of
202, and nothing in the third."""

# Nothing is trained: an operation that starts processes for minutes is no place for thousands of requests.
ENVIRONMENT = {"KERNELSCOPE_TRAINING": "false", "KERNELSCOPE_LOG_LEVEL": "error", "OPENBLAS_NUM_THREADS": "1"}


def main() -> int:
    """Search; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument("--seconds", type=int, default=600, help="for all of it (default: %(default)s)")
    options = parser.parse_args()
    share = max(1, options.seconds // (2 * len(TARGETS)))
    failed = [not _ask_operations(options.seconds // 2)]
    failed += [not _feed_decoder(target, share) for target in TARGETS]
    return int(any(failed))


def _ask_operations(seconds: int) -> bool:
    """Schemathesis against a real server."""
    with _serving() as (address, process):
        program = str(Path(sys.executable).with_name("schemathesis"))
        command = [program, f"--config-file={ROOT / 'fuzz' / 'schemathesis.toml'}", "run", f"{address}/openapi.json"]
        arguments = ["--checks=all"]
        # The first half warms everything up: what it leaves behind is no leak.
        time_each = f"--max-time={max(1, seconds // 2)}"
        passed = _run([*command, *arguments, time_each, "--continue-on-failure"])
        before = _resident(process)
        passed &= _run([*command, *arguments, time_each, "--continue-on-failure", "--seed=2"])
        grown = _resident(process) - before
        print(f"resident memory grew by {grown / 2**20:.1f} MiB, from {before / 2**20:.1f} MiB")
        return passed and grown < GROWTH_BYTES and process.poll() is None


def _feed_decoder(target: str, seconds: int) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "fuzz.decoders", target, f"-max_total_time={seconds}", "-timeout=10"]
        return _run([*command, "-rss_limit_mb=1024", f"-artifact_prefix={folder}/"])


def _run(command: list[str]) -> bool:
    print("$", " ".join(command), flush=True)
    return subprocess.run(command, cwd=ROOT).returncode == 0


@contextmanager
def _serving() -> Iterator[tuple[str, "subprocess.Popen[bytes]"]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "app"], cwd=ROOT, env={**os.environ, **ENVIRONMENT, "PORT": str(port)}
    )
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                with urllib.request.urlopen(f"{address}/readyz"):
                    break
            except OSError:
                time.sleep(0.1)
        else:
            raise RuntimeError("the server did not become ready within 30 s")
        yield address, process
    finally:
        process.terminate()
        process.wait(timeout=30)


def _resident(process: "subprocess.Popen[bytes]") -> int:
    pages = int(Path(f"/proc/{process.pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    sys.exit(main())
