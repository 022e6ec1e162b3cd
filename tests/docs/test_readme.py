"""README and docs are true: what they name exists, and what exists is named."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from app.live.message import LiveMessage
from app.main import create_app
from app.server.websocket_protocol import MESSAGE_BYTES
from app.settings import ROOT, Settings
from bench.report import summary
from model.architectures import ARCHITECTURES, build_cnn
from model.artifact import load_artifact
from model.description import describe_layers


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


README = read("README.md")
PAGES = ["README.md", *(str(path.relative_to(ROOT)) for path in sorted((ROOT / "docs").rglob("*.md")))]


def test_readme_is_short():
    assert len(README.splitlines()) <= 130


def test_every_page_of_the_documentation_is_one_click_away():
    for page in (ROOT / "docs").glob("*.md"):
        assert f"(docs/{page.name})" in README, page.name


def test_short_table_of_speed_is_the_measured_one():
    assert summary(json.loads(read("bench/results.json"))) in README


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_documented_with_its_default(name: str):
    variable = name.upper() if name in ("host", "port") else f"KERNELSCOPE_{name.upper()}"
    default = Settings.model_fields[name].default
    shown = default.relative_to(ROOT) if isinstance(default, Path) else default or repr(default)

    assert f"| `{variable}` | `{shown}` |" in read("docs/settings.md")


def test_every_operation_is_documented():
    for path in create_app().openapi()["paths"]:
        assert path in read("docs/api.md"), path


def test_live_channel_is_documented():
    """OpenAPI knows no WebSockets."""
    page = read("docs/api.md")

    assert "`WS /api/v1/live`" in page
    for field in LiveMessage.model_fields:
        assert f"`{field}`" in page, field
    assert f"{MESSAGE_BYTES:,} bytes" in page


@pytest.mark.parametrize("page", PAGES)
def test_every_make_target_it_names_exists(page: str):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))

    assert set(re.findall(r"(?:^|`)make ([a-z-]+)", read(page), re.MULTILINE)) <= targets


def test_figures_of_the_network_are_counted():
    layers = describe_layers(build_cnn(np.random.default_rng(0)))
    page = read("docs/networks.md")
    rows = {line.split("|")[1].split(",")[0].strip(): line for line in page.splitlines() if line.startswith("| ")}

    for layer in layers:
        if layer.kind not in ("relu", "softmax"):
            assert (
                rows[layer.name]
                .rstrip(" |")
                .endswith(f"| {layer.weights:,} | {layer.biases:,} | {layer.multiply_adds:,}")
            )
    total = " | ".join(
        f"**{sum(getattr(layer, name) for layer in layers):,}**" for name in ("weights", "biases", "multiply_adds")
    )
    assert f"| {total} |" in page


def test_accuracy_it_states_is_the_recorded_one():
    record = load_artifact(ROOT / "model" / "artifacts" / "cnn").record

    sentence = f"{record['test_accuracy']:.2%} of MNIST's 10,000 test digits correctly ({record['test_errors']} errors)"
    for page in (README, read("docs/networks.md")):
        assert sentence in page.replace("\n", " ")


def test_figures_of_the_networks_to_compare_with_are_recorded_and_counted():
    for name, build in ARCHITECTURES.items():
        record = load_artifact(ROOT / "model" / "artifacts" / name).record
        layers = describe_layers(build(np.random.default_rng(0)))
        costs = f"{sum(of.parameters for of in layers):,} | {sum(of.multiply_adds for of in layers):,}"

        for page in (README, read("docs/networks.md")):
            [row] = [line for line in page.splitlines() if line.startswith(f"| `{name}` |")]
            assert row.endswith(f"| {costs} | {record['test_accuracy']:.2%} |"), row


def test_figures_of_the_experiments_are_the_recorded_ones():
    page = (ROOT / "docs" / "local-and-global.md").read_text(encoding="utf-8")
    records = ROOT / "model" / "artifacts" / "experiments"
    permutation = json.loads((records / "pixel_permutation.json").read_text(encoding="utf-8"))
    curve = json.loads((records / "translation_curve.json").read_text(encoding="utf-8"))["directions"]["right"]

    for model in permutation["models"]:
        plain, permuted = model["plain"]["mean"], model["permuted"]["mean"]
        lost = f"{100 * (plain - permuted):.2f} points"
        assert f"| `{model['id']}` | {plain:.2%} | {permuted:.2%} | {lost} |" in page
    positions = [curve["offsets"].index(by) for by in (0, 1, 2, 3, 4, 6, 8)]
    for model in curve["models"]:
        shares = " | ".join(f"{model['accuracy'][position]:.1%}" for position in positions)
        assert f"| `{model['id']}` | {shares} |" in page


@pytest.mark.parametrize("page", PAGES)
def test_files_it_links_to_exist(page: str):
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", read(page)):
        assert ((ROOT / page).parent / target).exists(), target
