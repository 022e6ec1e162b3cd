from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from app.settings import Settings
from tests.recorder.models import write_models
from tests.servers import client_of


@pytest.fixture
async def other_models(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a service with a 32×32 network by default, and one whose pooling comes before its ReLU."""
    async with client_of(Settings(models=write_models(tmp_path), default_model="wide-32")) as client:
        yield client
