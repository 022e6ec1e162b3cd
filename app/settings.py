"""What can be set from outside, by environment variables.

``HOST`` and ``PORT`` have the plain names that hosting services set; the others begin with ``KERNELSCOPE_``.
"""

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Frozen; a value out of range stops the start with its name."""

    model_config = SettingsConfigDict(
        env_prefix="KERNELSCOPE_", frozen=True, populate_by_name=True, extra="ignore", validate_default=True
    )

    host: str = Field("127.0.0.1", validation_alias=AliasChoices("HOST"), description="Address to listen on.")
    port: int = Field(8000, ge=0, le=65535, validation_alias=AliasChoices("PORT"), description="Port; 0: a free one.")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="Least level that is logged.")

    artifacts: Path = Field(ROOT / "model" / "artifacts", description="Folder of the trained networks and test digits.")
    models: Path | None = Field(
        None, description="Folder of your own networks as ONNX files; each is a model by its name."
    )
    default_model: str = Field("cnn", description="The model that the page shows.")

    body_bytes: int = Field(6 * 2**20, ge=2**10, le=2**26, description="Largest request body, in bytes.")
    buffered_bytes: int = Field(2**27, ge=2**20, description="Largest sum of all bodies being read, in bytes.")
    body_seconds: float = Field(20, gt=0, le=600, description="Time for a request body to arrive, in seconds.")

    image_bytes: int = Field(4 * 2**20, ge=2**10, le=2**26, description="Largest image file, in bytes.")
    image_pixels: int = Field(20_000_000, ge=784, le=200_000_000, description="Most pixels of an image.")
    strokes: int = Field(500, ge=1, le=100_000, description="Most strokes of a drawing.")
    points: int = Field(20_000, ge=1, le=1_000_000, description="Most points of a drawing, over all strokes.")

    live_sessions: int = Field(200, ge=0, le=100_000, description="Most live sessions at a time; beyond, 503.")
    live_idle_seconds: float = Field(
        300, gt=0, le=86_400, description="A live session without messages ends after this time, in seconds."
    )
    live_messages: int = Field(
        500, ge=1, le=100_000, description="Most messages a second of one live session; beyond, it ends."
    )
    live_origins: list[str] = Field([], description="Other origins whose pages may open live sessions, as a JSON list.")

    training: bool = Field(
        True,
        description="Whether visitors may train a small network of their own, which takes one worker; turn it off on a "
        "public server.",
    )

    workers: int = Field(
        1, ge=1, le=64, description="Processes that serve, each with its own threads, queue, live sessions and metrics."
    )

    threads: int = Field(1, ge=1, le=64, description="Threads for drawings; what takes long has one of its own.")
    queue: int = Field(64, ge=0, le=10_000, description="Requests that may wait for a thread; beyond, 503.")
    queue_seconds: float = Field(10, gt=0, le=600, description="Longest wait for a thread, in seconds; beyond, 503.")
    shutdown_seconds: int = Field(10, ge=0, le=600, description="Time for running requests at shutdown, in seconds.")
