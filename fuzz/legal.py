"""Random legal requests to every operation of a real server, among attacks: ``python -m fuzz.legal``.

A finding is a 5xx other than 503 of a busy server, null or an infinity where a number is promised, a response over
`RESPONSE_SECONDS`, memory that does not return, or a process that is left.
"""

import argparse
import random
import sys
import time
from pathlib import Path
from typing import Any

import httpx

from tests.faults.attack import GROWTH, RETURN_SECONDS, attacking, family, proportional_bytes, settled_bytes
from tests.legal_requests import LegalRequests, broken_promises
from tests.servers import started

RESPONSE_SECONDS = 15.0
"""No response takes longer: ten seconds in the queue, and the slowest operation."""

ATTACKS = ["pipelining", "pings", "scans", "slow", "names"]

ENVIRONMENT = {"KERNELSCOPE_TRAINING": "false", "KERNELSCOPE_LOG_LEVEL": "error", "OPENBLAS_NUM_THREADS": "1"}


def search(seconds: float, seed: int) -> list[str]:
    """Send requests for this time; returns the findings."""
    findings: list[str] = []
    with started(**ENVIRONMENT) as server:
        processes = set(family(server.process.pid))
        with (
            attacking(ATTACKS, server, seconds, share=0.1),
            httpx.Client(base_url=server.address, timeout=10 * RESPONSE_SECONDS) as client,
        ):
            document = client.get("/openapi.json").json()
            requests = legal_requests(client, document, seed)
            sent = _send(client, requests, document, seconds / 2, findings)
            before = proportional_bytes(family(server.process.pid))
            sent += _send(client, requests, document, seconds / 2, findings)
        processes.update(family(server.process.pid))
        after = settled_bytes(server.process.pid, GROWTH * before, RETURN_SECONDS)
        if after > GROWTH * before:
            findings.append(f"memory grew from {before / 1e6:.0f} to {after / 1e6:.0f} MB")
        if server.process.poll() is not None:
            findings.append(f"the server ended with status {server.process.returncode}")
    if left := [pid for pid in processes if Path(f"/proc/{pid}").exists()]:
        findings.append(f"processes {left} were left")
    print(f"{sent} legal requests, seed {seed}; memory {before / 1e6:.0f} MB, then {after / 1e6:.0f} MB")
    return findings


def legal_requests(client: httpx.Client, document: dict[str, Any], seed: int) -> LegalRequests:
    """Of a running service."""
    models = []
    for listed in client.get("/api/v1/models").json()["models"]:
        address = f"/api/v1/models/{listed['id']}"
        checkpoints = client.get(f"{address}/history").json().get("checkpoints", [])
        models.append({**client.get(address).json(), "steps": [each["step"] for each in checkpoints]})
    total = client.get("/api/v1/samples", params={"limit": 1}).json()["total"]
    return LegalRequests(document, models, total, seed)


def _send(
    client: httpx.Client, requests: LegalRequests, document: dict[str, Any], seconds: float, findings: list[str]
) -> int:
    """One request to each operation in turn; returns how many were sent."""
    sent, end = 0, time.monotonic() + seconds
    while time.monotonic() < end and len(findings) < 20:
        for operation in requests.operations:
            request = requests.one(operation)
            begin = time.monotonic()
            response = client.request(**request.arguments())
            took = time.monotonic() - begin
            sent += 1
            if response.status_code != 503:
                found = broken_promises(request, response.status_code, response.content, document)
                findings += [f"{request}: {each}" for each in found[:3]]
            if took > RESPONSE_SECONDS:
                findings.append(f"{request}: {took:.1f} s")
    return sent


def main() -> int:
    """Search; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m fuzz.legal", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6), help="of the requests (default: random)")
    options = parser.parse_args()
    findings = search(options.seconds, options.seed)
    print("\n".join(findings))
    return int(bool(findings))


if __name__ == "__main__":
    sys.exit(main())
