"""Pages and operations with another default model, and pages that are opened with ?model=."""

import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.comparison import COMPARED_MODELS
from app.settings import Settings
from tests.app.test_pages import PAGES
from tests.builders import SEVEN
from tests.recorder.models import write_models
from tests.servers import client_of

pytestmark = pytest.mark.anyio

ABOUT_ONE_MODEL = ("/", "/orientation", "/editor", "/saliency", "/gradients", "/layers", "/errors")
COMPARISONS = ("/local-and-global", "/tour")

EXPERIMENTS: dict[str, dict[str, Any] | None] = {
    "backward-pass": {},
    "confusion": None,
    "confusion/digits": None,
    "feature-comparison": {},
    "gradients": {},
    "kernel-edits": {"edits": []},
    "kernel-edits/accuracy": {"edits": []},
    "layer-costs": None,
    "layer-knowledge": None,
    "layer-map": {},
    "misread-digit": None,
    "occlusion": {"size": 8, "stride": 4},
    "orientation-tuning": None,
    "perturb-pixel": {"row": 20, "column": 21},
    "pixel-permutation": None,
    "robustness": {"kind": "noise", "level": 0.4},
    "saliency": {},
    "translation": {"down": 1, "right": -2},
    "translation-curve": {"direction": "right", "max_offset": 2},
}
"""By name, the body besides the digit; None: it is a GET."""


@pytest.fixture(scope="module")
def uploaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_models(tmp_path_factory.mktemp("models"))


@pytest.fixture(params=["mlp-500", "wide-32", "pool-before-relu"])
def default(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def settings(uploaded: Path, default: str) -> Settings:
    return Settings(models=uploaded, default_model=default)


async def test_every_experiment_works_without_naming_a_model(client: httpx.AsyncClient):
    statuses = {}
    for name, body in EXPERIMENTS.items():
        digit = {} if name.endswith("accuracy") else {"strokes": SEVEN}
        if body is None:
            response = await client.get(f"/api/v1/experiments/{name}")
        else:
            response = await client.post(f"/api/v1/experiments/{name}", json={**digit, **body})
        statuses[name] = (response.status_code, response.text[:200] if response.status_code != 200 else "")

    assert statuses == dict.fromkeys(EXPERIMENTS, (200, ""))


async def test_every_page_shows_the_default_model_or_says_what_it_compares(client: httpx.AsyncClient, default: str):
    for path in PAGES:
        response = await client.get(path, headers={"Accept": "text/html"})
        page = response.text
        assert response.status_code == 200, path
        assert f'data-default-model="{default}"' in page
        if path in ABOUT_ONE_MODEL:
            assert f'<b id="shown-model">{default}</b>' in page, path
            model = _data_of(page)["model"]
            assert (model if path in ("/orientation", "/errors") else model["id"]) == default
        elif path in COMPARISONS:
            assert 'id="shown-model"' not in page
            statement = page.partition('id="comparison"')[2].partition("</p>")[0]
            assert re.findall(r"<code>([^<]*)</code>", statement) == list(reversed(COMPARED_MODELS))
            assert [each["id"] for each in _data_of(page)["models"]] == list(reversed(COMPARED_MODELS))


async def test_robustness_compares_what_reads_the_same_digit(client: httpx.AsyncClient, default: str):
    data = _data_of((await client.get("/robustness")).text)

    shipped = list(reversed(COMPARED_MODELS))
    expected = {
        "mlp-500": (["pool-before-relu", *shipped], shipped),
        "wide-32": (["wide-32"], ["wide-32"]),
        "pool-before-relu": (["pool-before-relu", *shipped], ["pool-before-relu", *shipped[:2]]),
    }
    assert data["model"]["id"] == default
    assert ([each["id"] for each in data["compared"]], data["shown"]) == expected[default]


async def test_the_gallery_shows_predictions_of_the_page_s_model_or_none(client: httpx.AsyncClient, default: str):
    data = _data_of((await client.get("/saliency")).text)

    assert data["gallery_model"] == (default if default in COMPARED_MODELS else None)


@pytest.fixture
async def ordinary(uploaded: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a server with the usual default model."""
    async with client_of(Settings(models=uploaded)) as client:
        yield client


async def test_links_keep_the_model_of_the_page(ordinary: httpx.AsyncClient):
    for path in PAGES:
        page = (await ordinary.get(f"{path}?model=wide-32")).text
        header = page.partition('<header class="site-header">')[2].partition("</header>")[0]

        links = re.findall(r'href="([^"]*)"', header)
        assert len(links) > 10
        assert [link for link in links if not link.endswith("?model=wide-32")] == [], path


async def test_the_default_model_is_left_out_of_links(ordinary: httpx.AsyncClient):
    assert "?model=" not in (await ordinary.get("/saliency")).text.partition("<main")[0]


@pytest.mark.parametrize("path", PAGES)
async def test_an_unknown_model_is_a_404_page(ordinary: httpx.AsyncClient, path: str):
    response = await ordinary.get(f"{path}?model=vgg", headers={"Accept": "text/html"})

    assert response.status_code == 404
    assert "There is no model &#39;vgg&#39;; the models are: cnn, locally-connected, mlp-500" in response.text
    assert 'href="/saliency"' in response.text


def _data_of(page: str) -> dict[str, Any]:
    island = re.search(r'<script type="application/json" id="page-data">(.*?)</script>', page, re.DOTALL)
    assert island
    data: dict[str, Any] = json.loads(island.group(1))
    return data
