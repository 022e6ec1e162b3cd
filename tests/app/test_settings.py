from pathlib import Path

import pytest
from pydantic import ValidationError

from app.settings import Settings


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch):
    for name in ("HOST", "PORT", "KERNELSCOPE_ARTIFACTS"):
        monkeypatch.delenv(name, raising=False)


def test_without_an_environment_only_this_machine_is_served():
    settings = Settings()

    assert (settings.host, settings.port) == ("127.0.0.1", 8000)
    assert settings.artifacts == Path(__file__).resolve().parents[2] / "model" / "artifacts"


def test_host_and_port_have_the_names_that_hosting_services_use(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HOST", "0.0.0.0")
    monkeypatch.setenv("PORT", "80")

    assert (Settings().host, Settings().port) == ("0.0.0.0", 80)


def test_everything_else_is_set_by_its_name(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("KERNELSCOPE_ARTIFACTS", "/srv/networks")
    monkeypatch.setenv("KERNELSCOPE_IMAGE_BYTES", "1048576")

    assert Settings().artifacts == Path("/srv/networks")
    assert Settings().image_bytes == 2**20


@pytest.mark.parametrize(
    ("text", "origins"),
    [
        ("", []),
        ("https://school.example", ["https://school.example"]),
        ("https://school.example, http://localhost:8888", ["https://school.example", "http://localhost:8888"]),
        ('["https://school.example"]', ["https://school.example"]),
    ],
)
def test_a_list_is_separated_by_commas_or_json(monkeypatch: pytest.MonkeyPatch, text: str, origins: list[str]):
    monkeypatch.setenv("KERNELSCOPE_EMBED_ORIGINS", text)

    assert Settings().embed_origins == origins


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "70000"),
        ("PORT", "http"),
        ("KERNELSCOPE_THREADS", "0"),
        ("KERNELSCOPE_BODY_BYTES", "-1"),
        ("KERNELSCOPE_BODY_SECONDS", "inf"),
        ("KERNELSCOPE_LOG_LEVEL", "loud"),
        ("KERNELSCOPE_HOSTS", '["school.example"'),
        ("KERNELSCOPE_EMBED_ORIGINS", "school.example"),
    ],
)
def test_an_unsafe_value_stops_the_start(monkeypatch: pytest.MonkeyPatch, name: str, value: str):
    monkeypatch.setenv(name, value)

    with pytest.raises(ValidationError):
        Settings()


def test_every_setting_says_what_it_is():
    assert all(field.description for field in Settings.model_fields.values())
