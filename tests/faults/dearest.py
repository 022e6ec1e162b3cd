"""The dearest legal request of each operation, and what it costs others: ``python -m tests.faults.dearest``.

Prints the table of docs/operations.md: the request's time, and the median and maximum of a drawer meanwhile, who sends
a point every 16 ms. The request is repeated without a pause. The status is 1 if a drawer waits longer than allowed.
"""

import argparse
import base64
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import httpx
import numpy as np
from websockets.sync.client import connect

from tests.faults.attackers import large_png, progressive_jpeg
from tests.onnx_files import small_network
from tests.servers import ROOT, started

SLOWDOWN = 3.0
"""Of a drawer's median, over that of one alone."""

MAXIMUM_SECONDS = 0.1
"""A drawer's longest wait."""

FRAME_SECONDS = 0.016

MODELS = "/api/v1/models"
EXPERIMENTS = "/api/v1/experiments"
TRAININGS = "/api/v1/trainings"
PNG = "image/png"
UNKNOWN = f"v0000000-{'a' * 26}"


@dataclass
class Dear:
    """A request, and what is dear about it."""

    path: str
    what: str
    body: Any = None
    query: dict[str, Any] | None = None
    accept: str = "application/json"
    file: Callable[[], bytes] | None = None
    method: str = ""
    statuses: tuple[int, ...] = (200,)

    def send(self, client: httpx.Client) -> httpx.Response:
        has_content = self.body is not None or self.file is not None
        return client.request(self.method or ("POST" if has_content else "GET"), self.path, **self._content)

    @cached_property
    def _content(self) -> dict[str, Any]:
        content: dict[str, Any] = {"params": self.query, "headers": {"Accept": self.accept}}
        if self.file is not None:
            content["files"] = {"file": self.file()}
        elif self.body is not None:
            content["json"] = self.body() if callable(self.body) else self.body
        return content


def longest_drawing(width: float = 0.066) -> list[list[list[float]]]:
    """19,000 points in one stroke, close enough together that the pen may cover them."""
    turn = np.linspace(0, 60, 19_000)
    return [np.stack([0.5 + 0.4 * np.cos(turn * 7), 0.5 + 0.4 * np.sin(turn * 11)], axis=1).round(4).tolist()]


def dearest() -> dict[str, Dear]:
    """By operation, but for the stream of a training's events, which waits."""
    drawing = {"strokes": longest_drawing(), "pen_width": 0.2}
    sample = {"sample": 0}
    edits = [
        {"layer": "conv1", "filter": number % 16, "bias": 1.0, "row": number % 28, "column": 3} for number in range(64)
    ]
    tensor = {"name": "input", "shape": [32, 1, 28, 28], "datatype": "FP32", "data": [0.5] * (32 * 784)}
    every = {"models": "cnn,mlp-500,locally-connected"}
    layers = "linear1/kernels"
    return {
        "list_models": Dear(MODELS, "all"),
        "upload_network": Dear(
            MODELS,
            "65,000 weights",
            file=lambda: small_network(np.random.default_rng(0), input_size=64, classes=50).model().SerializeToString(),
            statuses=(200, 503),
        ),
        "delete_network": Dear(f"{MODELS}/{UNKNOWN}", "an unknown one", method="DELETE", statuses=(404,)),
        "describe_model": Dear(f"{MODELS}/cnn", "the largest model"),
        "get_history": Dear(f"{MODELS}/cnn/history", "the longest"),
        "get_kernels": Dear(f"{MODELS}/mlp-500/layers/{layers}", "392,000 weights as JSON"),
        "get_kernels, PNG": Dear(f"{MODELS}/mlp-500/layers/{layers}", "6 pixels a cell", None, {"zoom": 6}, PNG),
        "compute_feature_maps": Dear(f"{MODELS}/cnn/feature-maps", "every layer, 19,000 points", drawing),
        "compute_feature_maps, image": Dear(
            f"{MODELS}/cnn/feature-maps", "19.8 MP", lambda: {"image": base64.b64encode(large_png()).decode()}
        ),
        "compute_feature_maps_of_upload": Dear(
            f"{MODELS}/cnn/feature-maps/upload",
            "progressive JPEG of 16 MP",
            file=lambda: progressive_jpeg(4000, 4000, 1),
        ),
        "write_out_neuron": Dear(
            f"{MODELS}/cnn/neuron",
            "of the last layer",
            {**sample, "layer": "linear", "filter": 0, "row": 0, "column": 0},
        ),
        "get_layer_costs": Dear(f"{EXPERIMENTS}/layer-costs", "64 filters", None, {"filters": 64, "features": 2000}),
        "perturb_pixel": Dear(f"{EXPERIMENTS}/perturb-pixel", "all models", {**sample, "row": 14, "column": 14}, every),
        "translate_digit": Dear(f"{EXPERIMENTS}/translation", "all models", {**sample, "right": 3, "down": 3}, every),
        "compute_translation_curve": Dear(
            f"{EXPERIMENTS}/translation-curve", "all models, 29 offsets", {**sample, "max_offset": 14}, every
        ),
        "get_mean_translation_curve": Dear(f"{EXPERIMENTS}/translation-curve", "stored"),
        "compare_features": Dear(f"{EXPERIMENTS}/feature-comparison", "default", sample),
        "get_pixel_permutation": Dear(f"{EXPERIMENTS}/pixel-permutation", "stored"),
        "draw_bar": Dear(f"{EXPERIMENTS}/bar", "grating", None, {"grating": "true", "angle": 33}),
        "measure_orientation_tuning": Dear(
            f"{EXPERIMENTS}/orientation-tuning", "steps of 2°", None, {"model": "cnn", "step": 2, "grating": "true"}
        ),
        "get_filter_names": Dear(f"{MODELS}/cnn/filter-names", "of a checkpoint", None, {}),
        "compute_gradients": Dear(f"{EXPERIMENTS}/gradients", "all models and weights", sample, every),
        "check_gradient": Dear(
            f"{EXPERIMENTS}/gradient-check",
            "the first layer",
            {**sample, "parameter": "conv1.weight", "index": [0, 0, 2, 2]},
        ),
        "descend_on_digit": Dear(
            f"{EXPERIMENTS}/gradient-descent",
            "20 steps, the largest layer",
            {**sample, "steps": 20, "learning_rate": 0.001},
            {"model": "locally-connected"},
        ),
        "compute_edited_feature_maps": Dear(
            f"{EXPERIMENTS}/kernel-edits", "64 single neurons", {**sample, "edits": edits}
        ),
        "measure_edited_accuracy": Dear(
            f"{EXPERIMENTS}/kernel-edits/accuracy", "64 single neurons, 1,000 digits", {"edits": edits}
        ),
        "get_filters": Dear(f"{MODELS}/cnn/layers/conv3/filters", "a layer"),
        "get_filter": Dear(f"{MODELS}/cnn/layers/conv3/filters/0", "one"),
        "explain_saliency": Dear(f"{EXPERIMENTS}/saliency", "19,000 points", drawing),
        "explain_occlusion": Dear(f"{EXPERIMENTS}/occlusion", "every pixel", {**sample, "size": 14, "stride": 1}),
        "explain_evidence": Dear(f"{MODELS}/cnn/evidence", "64 steps", {**sample, "steps": 64}),
        "get_layer_knowledge": Dear(f"{EXPERIMENTS}/layer-knowledge", "stored"),
        "get_layer_map": Dear(f"{EXPERIMENTS}/layer-map", "2,000 digits, 32 components, as JSON"),
        "get_layer_map, PNG": Dear(
            f"{EXPERIMENTS}/layer-map", "2,000 digits, 2 pixels for each", None, {"zoom": 2}, PNG
        ),
        "place_digit": Dear(f"{EXPERIMENTS}/layer-map", "19,000 points, 50 neighbors", drawing, {"neighbors": 50}),
        "get_confusion": Dear(f"{EXPERIMENTS}/confusion", "10,000 digits"),
        "list_confused_digits": Dear(f"{EXPERIMENTS}/confusion/digits", "200 digits as JSON", None, {"limit": 200}),
        "download_weights": Dear(f"{MODELS}/mlp-500/weights", "400,000 weights", accept="*/*"),
        "write_code": Dear(
            f"{MODELS}/cnn/code",
            "a drawing of 19,000 points",
            {"of": "robustness", "digit": drawing, "fields": {"kind": "fgsm", "level": 0.1}},
        ),
        "follow_backward_pass": Dear(
            f"{EXPERIMENTS}/backward-pass",
            "19,000 points, a finite difference",
            {**drawing, "layer": "relu1", "check": True},
        ),
        "get_robustness_curve": Dear(f"{EXPERIMENTS}/robustness", "three networks, stored", None, {"kind": "fgsm"}),
        "perturb_digit": Dear(
            f"{EXPERIMENTS}/robustness",
            "gradient of three networks, 16 maps of each",
            {**drawing, "kind": "fgsm", "level": 0.1},
            {"layers": "relu1"},
        ),
        "explain_misread_digit": Dear(f"{EXPERIMENTS}/misread-digit", "of the perceptron", None, {"model": "mlp-500"}),
        "list_samples": Dear("/api/v1/samples", "200 digits as PNG", None, {"limit": 200, "zoom": 11}, PNG),
        "get_sample": Dear("/api/v1/samples/0", "PNG", None, {"zoom": 16}, PNG),
        "start_training": Dear(
            TRAININGS,
            "the longest run",
            {"kernel_size": 9, "filters": 32, "digits": 5000, "epochs": 20},
            statuses=(200, 503),
        ),
        "get_training": Dear(f"{TRAININGS}/{UNKNOWN}", "an unknown one", statuses=(404,)),
        "download_network": Dear(f"{TRAININGS}/{UNKNOWN}/onnx", "an unknown one", statuses=(404,)),
        "delete_training": Dear(f"{TRAININGS}/{UNKNOWN}", "an unknown one", method="DELETE", statuses=(404,)),
        "check_health": Dear("/healthz", "as often as possible"),
        "check_readiness": Dear("/readyz", "as often as possible"),
        "get_metrics": Dear("/metrics", "as often as possible"),
        "infer (v2)": Dear("/v2/models/cnn/infer", "32 digits, JSON", {"inputs": [tensor]}),
    }


def send_repeatedly(name: str, port: int, seconds: float) -> None:
    """Print the times of a request, its status and the size of its response."""
    request, times = dearest()[name], []
    print("ready", flush=True)
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=120) as client:
        end = time.monotonic() + seconds
        while not times or time.monotonic() < end:
            begin = time.perf_counter()
            response = request.send(client)
            times.append(time.perf_counter() - begin)
    print(
        json.dumps({"median": statistics.median(times), "status": response.status_code, "size": len(response.content)})
    )
    if response.status_code not in request.statuses:
        print(response.text[:500], file=sys.stderr)


def draw_until(port: int, is_over: Any) -> list[float]:
    """Seconds from each point to its response."""
    waits = []
    with connect(f"ws://127.0.0.1:{port}/api/v1/live", compression=None, max_size=None) as live:
        sequence = 0
        while not is_over():
            sequence += 1
            turn = 0.1 * sequence
            point = [0.5 + 0.3 * float(np.cos(turn)), 0.5 + 0.3 * float(np.sin(turn))]
            grows = {"extend": [point]} if sequence % 60 > 1 else {"strokes": [[point]]}
            begin = time.perf_counter()
            live.send(json.dumps({"sequence": sequence, "dtype": "float16", **grows}))
            live.recv()
            waits.append(time.perf_counter() - begin)
            time.sleep(max(0.0, FRAME_SECONDS - waits[-1]))
    return waits


def main() -> int:
    """Returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.dearest", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5, help="for each operation (default: %(default)s)")
    parser.add_argument("--only", default="", help="operations, separated by semicolons (default: all)")
    parser.add_argument("--send", help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.send:
        send_repeatedly(options.send, options.port, options.seconds)
        return 0
    chosen = [name for name in options.only.split(";") if name] or list(dearest())
    print(f"load average of the machine before: {os.getloadavg()[0]:.1f}")
    with started(OPENBLAS_NUM_THREADS="1", KERNELSCOPE_LOG_LEVEL="error") as server:
        end = time.monotonic() + options.seconds
        idle = draw_until(server.port, lambda: time.monotonic() > end)
        median = statistics.median(idle)
        print("| operation | dearest request | its time | response | a drawer's median | maximum |")
        print("|---|---|---:|---:|---:|---:|")
        print(f"| none | | | | {median * 1000:.1f} ms | {max(idle) * 1000:.0f} ms |")
        broken = [name for name in chosen if not _measure(name, server.port, options.seconds, median)]
    print(f"beyond {SLOWDOWN:g} × the idle median or {MAXIMUM_SECONDS * 1000:.0f} ms: {', '.join(broken) or 'none'}")
    return int(bool(broken))


def _measure(name: str, port: int, seconds: float, idle: float) -> bool:
    """Print a row; returns whether the drawer was fast enough."""
    command = [sys.executable, "-m", "tests.faults.dearest", "--send", name, f"--port={port}", f"--seconds={seconds}"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as sender:
        assert sender.stdout is not None
        assert sender.stdout.readline() == "ready\n"
        waits = draw_until(port, lambda: sender.poll() is not None)
        sent = json.loads(sender.stdout.readline())
    median, longest = statistics.median(waits), max(waits)
    is_answered = sent["status"] in dearest()[name].statuses
    status = "" if is_answered else f" (status {sent['status']})"
    print(
        f"| `{name}`{status} | {dearest()[name].what} | {sent['median'] * 1000:.0f} ms | {sent['size'] / 1e6:.2f} MB | "
        f"{median * 1000:.1f} ms | {longest * 1000:.0f} ms |",
        flush=True,
    )
    return is_answered and median <= SLOWDOWN * idle and longest <= MAXIMUM_SECONDS


if __name__ == "__main__":
    sys.exit(main())
