"""``make fuzz``: search for requests and bytes that break the service, for a given time.

Three searches, one after the other: Schemathesis sends valid and invalid requests to every operation of the OpenAPI
document, with all of its checks; `fuzz.legal` sends legal requests from the whole range of all settings, among attacks;
atheris searches for bytes that reach new code of the decoders (see `fuzz.decoders`). Each finding is printed with what
reproduces it, and becomes a test. The service's memory is measured before and after.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

from fuzz import TARGETS
from tests.servers import ROOT, started

GROWTH_BYTES = 2**25
"""More resident memory than this, in the second half of the time, is a leak. Measured: 2 MiB in the second minute, of
202, and nothing in the third."""

# Nothing is trained: an operation that starts processes for minutes is not suitable for thousands of requests.
ENVIRONMENT = {"KERNELSCOPE_TRAINING": "false", "KERNELSCOPE_LOG_LEVEL": "error", "OPENBLAS_NUM_THREADS": "1"}


def main() -> int:
    """Search; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    parser.add_argument(
        "--seconds",
        type=int,
        default=600,
        help="for all of it; with less than 360 memory is still growing to its size (default: %(default)s)",
    )
    options = parser.parse_args()
    share = max(1, options.seconds // (3 * len(TARGETS)))
    failed = [not _ask_operations(options.seconds // 3)]
    failed += [not _run([sys.executable, "-m", "fuzz.legal", f"--seconds={max(1, options.seconds // 3)}"])]
    failed += [not _feed_decoder(target, share) for target in TARGETS]
    return int(any(failed))


def _ask_operations(seconds: int) -> bool:
    """Schemathesis against a real server."""
    with started(**ENVIRONMENT) as server:
        program = str(Path(sys.executable).with_name("schemathesis"))
        configuration = f"--config-file={ROOT / 'fuzz' / 'schemathesis.toml'}"
        command = [program, configuration, "run", f"{server.address}/openapi.json", "--checks=all"]
        command += ["--continue-on-failure", f"--max-time={max(1, seconds // 2)}"]
        # The first half warms up: memory that it keeps is not a leak.
        passed = _run(command)
        before = server.resident_bytes
        passed &= _run([*command, "--seed=2"])
        grown = server.resident_bytes - before
        print(f"resident memory grew by {grown / 2**20:.1f} MiB, from {before / 2**20:.1f} MiB")
        return passed and grown < GROWTH_BYTES and server.process.poll() is None


def _feed_decoder(target: str, seconds: int) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "fuzz.decoders", target, f"-max_total_time={seconds}", "-timeout=10"]
        return _run([*command, "-rss_limit_mb=1024", f"-artifact_prefix={folder}/"])


def _run(command: list[str]) -> bool:
    print("$", " ".join(command), flush=True)
    return subprocess.run(command, cwd=ROOT).returncode == 0


if __name__ == "__main__":
    sys.exit(main())
