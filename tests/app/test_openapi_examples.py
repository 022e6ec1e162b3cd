"""The examples in the OpenAPI document are what the service responds with."""

from typing import Any

import pytest

from app.documentation import load_examples
from app.main import create_app
from app.openapi_examples import run_examples
from app.settings import Settings

pytestmark = pytest.mark.anyio

# Another machine may round the last digit that is stored the other way.
CLOSE = {"rel": 2e-3, "abs": 1e-5}


def differences(stored: Any, now: Any, path: str) -> list[str]:
    """Where two examples differ by more than rounding."""
    if type(stored) is not type(now):
        return [f"{path}: {stored!r} is stored, {now!r} is the response"]
    if isinstance(stored, dict):
        if stored.keys() != now.keys():
            return [f"{path}: members {sorted(stored)} are stored, {sorted(now)} are in the response"]
        return [line for key in stored for line in differences(stored[key], now[key], f"{path}.{key}")]
    if isinstance(stored, list) and len(stored) == len(now):
        return [
            line
            for place, pair in enumerate(zip(stored, now, strict=True))
            for line in differences(*pair, f"{path}.{place}")
        ]
    same = stored == pytest.approx(now, **CLOSE) if isinstance(stored, float) else stored == now
    return [] if same else [f"{path}: {stored!r} is stored, {now!r} is the response"]


async def test_stored_examples_are_the_responses_of_the_service():
    app = create_app(Settings())
    async with app.router.lifespan_context(app):
        now = await run_examples(app)

    assert differences(load_examples(), now, "") == [], "`python -m app.openapi_examples` writes them anew"


@pytest.mark.parametrize(
    ("now", "words"),
    [
        ({"a": 2.0}, ".a: 1.0 is stored, 2.0 is the response"),
        ({"a": 1.0, "b": 1}, "members"),
        ({"a": [1.0]}, ".a: 1.0 is stored"),
        ({"a": None}, ".a: 1.0 is stored, None"),
    ],
)
def test_a_response_that_changed_is_found(now: dict[str, Any], words: str):
    (line,) = differences({"a": 1.0}, now, "")

    assert words in line
