"""A real server, and a real browser of each engine."""

from collections.abc import Iterator

import pytest

from tests.engines.browsers import ENGINES, Browser
from tests.servers import started

collect_ignore = ["webkit_window.py"]  # It runs on Debian's Python, with Debian's libraries.


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """One server for all tests."""
    with started() as server:
        yield server.address


@pytest.fixture(scope="session", params=ENGINES)
def browser(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """One browser of each engine for all tests."""
    with ENGINES[request.param](tmp_path_factory.mktemp(request.param)) as browser:
        yield browser
