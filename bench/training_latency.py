"""python -m bench.training_latency: does a visitor's training delay the feature maps of other clients?

Starts the service and requests feature maps alternately: without a training, and while 5,000 digits are trained on.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

ROUNDS = 7
REQUESTS = 150
BODY = {"strokes": [[[0.3, 0.25], [0.7, 0.25], [0.45, 0.8]]]}
TRAINING = {"digits": 5000, "epochs": 20, "filters": 32}
PORT = 8765


def main() -> None:
    """Print medians and their ratio as JSON."""
    alone, beside = [], []
    with _service() as address, httpx.Client(base_url=address, timeout=60) as client:
        for _ in range(ROUNDS):
            alone.append(_median(client))
            started = client.post("/api/v1/trainings", json=TRAINING).raise_for_status().json()
            run = f"/api/v1/trainings/{started['id']}"
            _wait_for_steps(client, run)
            beside.append(_median(client))
            running = client.get(run).json()["state"] == "running"
            if not running:
                sys.exit("the training was over before the requests were: raise the epochs")
            client.delete(run, headers={"Authorization": f"Bearer {started['owner']}"})
    ratios = [with_training / without for with_training, without in zip(beside, alone, strict=True)]
    print(
        json.dumps(
            {
                "milliseconds_alone": round(statistics.median(alone), 3),
                "milliseconds_beside_training": round(statistics.median(beside), 3),
                "median_ratio": round(statistics.median(ratios), 3),
                "ratios": [round(ratio, 2) for ratio in ratios],
            }
        )
    )


@contextmanager
def _service() -> Iterator[str]:
    environment = {**os.environ, "PORT": str(PORT), "KERNELSCOPE_LOG_LEVEL": "error", "OPENBLAS_NUM_THREADS": "1"}
    with subprocess.Popen([sys.executable, "-m", "app"], env=environment) as process:
        address = f"http://127.0.0.1:{PORT}"
        try:
            while process.poll() is None:
                try:
                    httpx.get(f"{address}/readyz").raise_for_status()
                    break
                except httpx.HTTPError:
                    time.sleep(0.1)
            yield address
        finally:
            process.terminate()


def _median(client: httpx.Client) -> float:
    times = []
    for _ in range(REQUESTS):
        began = time.perf_counter()
        client.post("/api/v1/models/cnn/feature-maps", json=BODY, headers={"Accept": "application/x-safetensors"})
        times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times)


def _wait_for_steps(client: httpx.Client, run: str) -> None:
    while not any("loss" in update for update in client.get(run).json()["updates"]):
        time.sleep(0.02)


if __name__ == "__main__":
    main()
