"""``make bench``: measure all, interleaved; write ``bench/results.json``, ``bench/README.md`` and README's short table.

Contenders of a group take turns in blocks of half a second, one process computing at a time, for several rounds, so
that whatever else the machine does meets all of them. A figure is the median of all calls of all rounds.
"""

import argparse
import datetime
import importlib.metadata
import json
import os
import platform
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from bench.contenders import BATCH, GROUPS, PRODUCT, TRAINING_BATCH, network
from bench.report import write_report

ROUNDS = 7
SERVICE = ("rivals", "service", "clients")
FOLDER = Path(__file__).parent


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="blocks of each contender (default: %(default)s)")
    parser.add_argument(
        "--groups", nargs="*", default=[*GROUPS, *SERVICE, "page"], help="what to measure (default: all)"
    )
    parser.add_argument(
        "--heap-minutes", type=float, default=10, help="how long to draw for the heap (default: %(default)s)"
    )
    options = parser.parse_args()

    results_file = FOLDER / "results.json"
    results: dict[str, Any] = json.loads(results_file.read_text()) if results_file.exists() else {}
    results["machine"] = machine()
    for group in GROUPS:
        if group in options.groups:
            results[group] = measure(group, options.rounds, results)
    for group in SERVICE:
        if group in options.groups:
            results[group] = measure_service(group)
    if "page" in options.groups:
        from bench.page import measure as measure_page

        results["page"] = measure_page(options.heap_minutes)
    results_file.write_text(json.dumps(results, indent=1) + "\n")
    write_report(results, FOLDER / "README.md", FOLDER.parent / "README.md")


def measure_service(group: str) -> Any:
    """Of the groups that need servers."""
    from bench import service

    measures = {"rivals": service.measure_rivals, "service": service.measure, "clients": service.measure_clients}
    return measures[group]()


def measure(group: str, rounds: int, results: dict[str, Any]) -> dict[str, float]:
    """Median seconds for each contender's call."""
    # An environment that pins an old kernel would measure that kernel and not the machine.
    environment = {key: value for key, value in os.environ.items() if key != "OPENBLAS_CORETYPE"}
    workers = {
        name: subprocess.Popen(
            [sys.executable, "-m", "bench.worker", group, name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
        )
        for name in GROUPS[group]
    }
    times: dict[str, list[float]] = {name: [] for name in workers}
    try:
        for worker in workers.values():
            results["machine"].update(_answer(worker))
        order = list(workers)
        for _ in range(rounds):
            random.shuffle(order)
            for name in order:
                worker = workers[name]
                assert worker.stdin
                worker.stdin.write("go\n")
                worker.stdin.flush()
                times[name] += _answer(worker)
    finally:
        for worker in workers.values():
            assert worker.stdin
            worker.stdin.close()
            worker.wait(timeout=30)
    medians = {name: float(np.median(each)) for name, each in times.items()}
    for name, median in medians.items():
        print(f"{group}: {name}: {median * 1e6:,.1f} µs", file=sys.stderr)
    return medians


def _answer(worker: "subprocess.Popen[str]") -> Any:
    assert worker.stdout
    line = worker.stdout.readline()
    if not line:
        raise RuntimeError("a contender ended before it answered; its message is above")
    return json.loads(line)


def machine() -> dict[str, Any]:
    """What it ran on and with."""
    model = "unknown processor"
    if Path("/proc/cpuinfo").exists():
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), model)
    return {
        "date": datetime.date.today().isoformat(),
        "processor": model,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "versions": {name: importlib.metadata.version(name) for name in ("numpy", "torch", "onnxruntime", "uvicorn")},
        "multiply_adds": sum(
            layer.multiply_adds(cnn.input_shape_of(name)) for cnn in [network()] for name, layer in cnn.layers.items()
        ),
        "batch": BATCH,
        "training_batch": TRAINING_BATCH,
        "product": PRODUCT,
    }


if __name__ == "__main__":
    main()
