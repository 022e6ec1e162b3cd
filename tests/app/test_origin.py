import pytest

from app.origin import is_admitted


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (None, "localhost:8000"),
        ("http://localhost:8000", "localhost:8000"),
        ("https://Example.org", "example.org"),
        ("https://example.org", "example.org:443"),
        ("http://[::1]:8000", "[::1]:8000"),
        ("https://school.example", "localhost:8000"),
    ],
)
def test_own_pages_admitted_pages_and_programs_may_ask(origin: str | None, host: str):
    assert is_admitted(origin, host, ["https://school.example"])


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://evil.example", "localhost:8000"),
        ("http://evil.example:8000", "localhost:8000"),
        ("http://localhost:9000", "localhost:8000"),
        ("http://localhost", "localhost:8000"),
        ("http://localhost:8000.evil.example", "localhost:8000"),
        ("http://evil.example#@localhost:8000", "localhost:8000"),
        ("null", "localhost:8000"),
        ("", ""),
        ("file://", ""),
        ("http://localhost:x", "localhost:x"),
        ("https://school.example.evil.example", "localhost:8000"),
    ],
)
def test_other_pages_may_not(origin: str, host: str):
    assert not is_admitted(origin, host, ["https://school.example"])
