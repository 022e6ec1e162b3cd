"""The start of the application: what it waits for, and what is done after it."""

import asyncio
import time

from app.lifespan import lifespan
from app.main import create_app
from app.settings import Settings

PATIENCE = 20.0


def test_templates_are_compiled_after_the_start_without_a_request():
    app = create_app(Settings(root_path="/compiled"))  # applications with the same addresses share their templates
    environment = app.state.templates.env

    async def start_and_wait() -> tuple[int, int]:
        async with lifespan(app):
            at_start = len(environment.cache)
            end = time.monotonic() + PATIENCE
            while len(environment.cache) < len(environment.list_templates()) and time.monotonic() < end:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            return at_start, len(environment.cache)

    at_start, compiled = asyncio.run(start_and_wait())

    assert at_start == 0
    assert compiled == len(environment.list_templates())
