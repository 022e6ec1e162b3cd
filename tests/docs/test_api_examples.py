"""The Python of docs/api.md runs as it stands."""

import re

import httpx
import numpy as np
import pytest
from fastapi import FastAPI

from app.settings import ROOT

pytestmark = pytest.mark.anyio


async def test_examples_run(app: FastAPI, monkeypatch: pytest.MonkeyPatch):
    """Against the small network of the tests, through the same door: only the transport is another one."""
    code = re.search(r"```python\n(.*?)```", (ROOT / "docs" / "api.md").read_text(encoding="utf-8"), re.DOTALL)[1]
    asked = re.sub(r"\bapi\.post\(", "await api.post(", code)
    asked = re.sub(r"= await (api\.post\(.*\))\.json\(\)", r"= (await \1).json()", asked)
    program = "async def main():\n" + "".join(f"    {line}\n" for line in asked.splitlines()) + "    return locals()\n"
    transport = httpx.ASGITransport(app)
    monkeypatch.setattr(httpx, "Client", lambda base_url: httpx.AsyncClient(base_url=base_url, transport=transport))
    scope: dict = {}

    exec(program, scope)  # noqa: S102 - our own documentation
    seen = await scope["main"]()

    assert seen["maps"].shape == (4, 28, 28)
    assert {"input", "conv1", "logits", "probabilities"} <= set(seen["tensors"])
    arithmetic = seen["arithmetic"]
    assert np.sum(arithmetic["channel_sums"]) + arithmetic["bias"] == pytest.approx(arithmetic["computed"])
