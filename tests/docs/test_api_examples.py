"""The Python of docs/api.md runs as it stands."""

import json
import re
from pathlib import Path

import httpx
import numpy as np
import pytest
from fastapi import FastAPI

from app.settings import ROOT, Settings
from tests.servers import serving

pytestmark = pytest.mark.anyio


def python_of_the_page() -> list[str]:
    return re.findall(r"```python\n(.*?)```", (ROOT / "docs" / "api.md").read_text(encoding="utf-8"), re.DOTALL)


async def test_examples_run(app: FastAPI, monkeypatch: pytest.MonkeyPatch):
    """Against the small network of the tests, through the same door: only the transport is another one."""
    code = "\n".join(python_of_the_page()[:-3])
    asked = re.sub(r"\b(api\.(?:post|get)\(.*\))\.json\(\)", r"(await \1).json()", code)
    asked = re.sub(r"(?<!\(await )\b(api\.(?:post|get)\()", r"await \1", asked)
    program = "async def main():\n" + "".join(f"    {line}\n" for line in asked.splitlines()) + "    return locals()\n"
    transport = httpx.ASGITransport(app)
    monkeypatch.setattr(httpx, "Client", lambda base_url: httpx.AsyncClient(base_url=base_url, transport=transport))
    scope: dict = {}

    exec(program, scope)  # noqa: S102 - our own documentation
    seen = await scope["main"]()

    assert seen["maps"].shape == (4, 28, 28)
    assert {"input", "conv1", "logits", "probabilities"} <= set(seen["tensors"])
    assert seen["poked"]["models"][0]["layers"][0]["changed"] == 100
    assert len(seen["tuning"]["layers"][0]["filters"]) == 4
    assert np.shape(seen["gradients"]["models"][0]["layers"][0]["weight"]) == (4, 1, 5, 5)
    arithmetic = seen["arithmetic"]
    assert np.sum(arithmetic["channel_sums"]) + arithmetic["bias"] == pytest.approx(arithmetic["computed"])


def test_client_example_runs(artifacts: Path, capsys: pytest.CaptureFixture[str]):
    with serving(Settings(artifacts=artifacts)) as server:
        scope: dict = {}

        exec(python_of_the_page()[-3].replace("127.0.0.1:8000", server.address), scope)  # noqa: S102 - our own documentation
        scope["client"].close()

    _read, summed = capsys.readouterr().out.splitlines()
    computed, activation = map(float, summed.split())
    assert computed == pytest.approx(activation, abs=1e-5)


def test_protocol_example_runs(artifacts: Path):
    """A client that opens its own sockets, too."""
    with serving(Settings(artifacts=artifacts)) as server:
        scope: dict = {}

        exec(python_of_the_page()[-2].replace("127.0.0.1:8000", server.address), scope)  # noqa: S102 - our own documentation

    assert scope["answer"].as_numpy("relu1").shape == (1, 4, 28, 28)


def test_live_example_runs(artifacts: Path):
    """Against a real server: a live session needs its sockets."""
    with serving(Settings(artifacts=artifacts)) as server:
        scope: dict = {}

        exec(python_of_the_page()[-1].replace("127.0.0.1:8000", server.address), scope)  # noqa: S102 - our own documentation

    assert set(scope["tensors"]) == {"input", "relu1", "logits", "probabilities"}
    assert scope["tensors"]["relu1"].dtype == np.float16
    assert scope["answered"] == 4
    assert set(json.loads(scope["metadata"]["prediction"])) == {"digit", "probability"}
