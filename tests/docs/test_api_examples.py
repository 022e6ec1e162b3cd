"""The Python of docs/api.md runs as it stands."""

import json
import re
from pathlib import Path

import numpy as np
import pytest

from app.settings import ROOT, Settings
from tests.servers import serving


def python_of_the_page() -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "api.md").read_text(encoding="utf-8"), re.DOTALL)


def run_example(code: str, artifacts: Path) -> dict:
    """The names that a program of the page defines, against a real server with the small network of the tests."""
    names: dict = {}
    with serving(Settings(artifacts=artifacts)) as server:
        exec(code.replace("127.0.0.1:8000", server.address), names)  # noqa: S102 - our own documentation
    for kept in ("api", "client"):
        if kept in names:
            names[kept].close()
    return names


def test_examples_run(artifacts: Path):
    seen = run_example("\n".join(python_of_the_page()[:-3]), artifacts)

    assert seen["maps"].shape == (4, 28, 28)
    assert (seen["found"]["shapes"], seen["corrected"]["shapes"]) == (2, 1)
    assert {"input", "conv1", "logits", "probabilities"} <= set(seen["tensors"])
    assert seen["perturbed"]["models"][0]["layers"][0]["changed"] == 100
    assert len(seen["tuning"]["layers"][0]["filters"]) == 4
    assert np.shape(seen["gradients"]["models"][0]["layers"][0]["weight"]) == (4, 1, 5, 5)
    arithmetic = seen["arithmetic"]
    assert np.sum(arithmetic["channel_sums"]) + arithmetic["bias"] == pytest.approx(arithmetic["computed"])


def test_client_example_runs(artifacts: Path, capsys: pytest.CaptureFixture[str]):
    run_example(python_of_the_page()[-3], artifacts)

    _read, summed = capsys.readouterr().out.splitlines()
    computed, activation = map(float, summed.split())
    assert computed == pytest.approx(activation, abs=1e-5)


def test_protocol_example_runs(artifacts: Path):
    seen = run_example(python_of_the_page()[-2], artifacts)

    assert seen["response"].as_numpy("relu1").shape == (1, 4, 28, 28)


def test_live_example_runs(artifacts: Path):
    seen = run_example(python_of_the_page()[-1], artifacts)

    assert set(seen["tensors"]) == {"input", "relu1", "logits", "probabilities"}
    assert seen["tensors"]["relu1"].dtype == np.float16
    assert seen["last"] == 4
    assert set(json.loads(seen["metadata"]["prediction"])) == {"digit", "probability"}
