"""README is true: what it names exists, and what exists is named."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from app.main import create_app
from app.schemas.live import LiveMessage
from app.settings import ROOT, Settings
from app.websocket_protocol import MESSAGE_BYTES
from model.architectures import ARCHITECTURES, build_cnn
from model.artifact import load_artifact
from model.description import describe_layers

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented_with_its_default(name: str):
    variable = name.upper() if name in ("host", "port") else f"KERNELSCOPE_{name.upper()}"
    default = Settings.model_fields[name].default
    shown = default.relative_to(ROOT) if isinstance(default, Path) else default

    assert f"| `{variable}` | `{shown}` |" in README


def test_every_operation_is_documented():
    for path in create_app().openapi()["paths"]:
        assert path in README, path


def test_live_channel_is_documented():
    """OpenAPI knows no WebSockets."""
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")

    assert "`WS /api/v1/live`" in README
    for field in LiveMessage.model_fields:
        assert f"`{field}`" in page, field
    assert f"{MESSAGE_BYTES:,} bytes" in page


def test_every_make_target_it_names_exists():
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))

    assert set(re.findall(r"(?:^|`)make ([a-z-]+)", README, re.MULTILINE)) <= targets


def test_figures_of_the_network_are_counted():
    layers = describe_layers(build_cnn(np.random.default_rng(0)))
    rows = {line.split("|")[1].split(",")[0].strip(): line for line in README.splitlines() if line.startswith("| ")}

    for layer in layers:
        if layer.kind not in ("relu", "softmax"):
            assert rows[layer.name].rstrip(" |").endswith(f"| {layer.parameters:,} | {layer.multiply_adds:,}")
    total = (sum(layer.parameters for layer in layers), sum(layer.multiply_adds for layer in layers))
    assert f"| **{total[0]:,}** | **{total[1]:,}** |" in README


def test_accuracy_it_states_is_the_recorded_one():
    record = load_artifact(ROOT / "model" / "artifacts" / "cnn").record

    assert f"{record['test_accuracy']:.2%} of MNIST's 10,000 test digits ({record['test_errors']} errors)" in README


def test_figures_of_the_networks_to_compare_with_are_recorded_and_counted():
    for name, build in ARCHITECTURES.items():
        record = load_artifact(ROOT / "model" / "artifacts" / name).record
        layers = describe_layers(build(np.random.default_rng(0)))
        costs = f"{sum(of.parameters for of in layers):,} | {sum(of.multiply_adds for of in layers):,}"

        [row] = [line for line in README.splitlines() if line.startswith(f"| `{name}` |")]
        assert row.endswith(f"| {costs} | {record['test_accuracy']:.2%} |"), row


def test_figures_of_the_experiments_are_the_recorded_ones():
    page = (ROOT / "docs" / "local-and-global.md").read_text(encoding="utf-8")
    records = ROOT / "model" / "artifacts" / "experiments"
    scramble = json.loads((records / "scramble.json").read_text(encoding="utf-8"))
    curve = json.loads((records / "shift_curve.json").read_text(encoding="utf-8"))["directions"]["right"]

    for model in scramble["models"]:
        plain, scrambled = model["plain"]["mean"], model["scrambled"]["mean"]
        lost = f"{100 * (plain - scrambled):.2f} points"
        assert f"| `{model['id']}` | {plain:.2%} | {scrambled:.2%} | {lost} |" in page
    places = [curve["shifts"].index(by) for by in (0, 1, 2, 3, 4, 6, 8)]
    for model in curve["models"]:
        shares = " | ".join(f"{model['accuracy'][place]:.1%}" for place in places)
        assert f"| `{model['id']}` | {shares} |" in page


def test_files_it_links_to_exist():
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", README):
        assert (ROOT / target).exists(), target
