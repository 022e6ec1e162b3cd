from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from fastapi import FastAPI

from app.main import create_app
from app.settings import Settings
from model.network import Network
from tests.builders import tiny_cnn, write_artifacts

collect_ignore = ["engines"]  # They need browsers of their own; `make test-engines` names them.


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20_26)


@pytest.fixture(scope="session")
def tiny_network() -> Network:
    return tiny_cnn()


@pytest.fixture(scope="session")
def artifacts(tmp_path_factory: pytest.TempPathFactory, tiny_network: Network) -> Path:
    return write_artifacts(tmp_path_factory.mktemp("artifacts"), tiny_network)


@pytest.fixture
def settings(artifacts: Path) -> Settings:
    return Settings(artifacts=artifacts)


@pytest.fixture
async def app(settings: Settings) -> AsyncIterator[FastAPI]:
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def client(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client
