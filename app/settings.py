"""Settings from environment variables.

``HOST`` and ``PORT`` have the plain names that hosting services set; the others begin with ``KERNELSCOPE_``.
"""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AliasChoices, BeforeValidator, Field
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

DEFAULT_MODEL = "cnn"
"""The model that is shown and used unless another one is named."""

ROOT = Path(__file__).resolve().parent.parent


ROOT_PATH = r"^(/[A-Za-z0-9._~@+-]+)*$"
"""A path under which a proxy serves everything."""

Origin = Annotated[str, Field(pattern=r"^https?://[A-Za-z0-9.*:_\[\]-]+$")]
"""As in a browser's Origin header, without a path; ``*.`` for all names below one."""

NO_ORIGIN = "null"
"""What browsers send as the origin of a sandboxed frame."""


def _split(value: Any) -> Any:
    """The names of a list, separated by commas or spaces, or as JSON."""
    if not isinstance(value, str):
        return value
    if not value.lstrip().startswith("["):
        return value.replace(",", " ").split()
    try:
        return json.loads(value)
    except ValueError as error:
        raise ValueError(f"{value!r} is not JSON; names separated by commas would work, too") from error


Names = Annotated[list[str], NoDecode, BeforeValidator(_split)]
Origins = Annotated[list[Origin], NoDecode, BeforeValidator(_split)]


class Settings(BaseSettings):
    """Frozen; a value out of range stops the start, and the error names it."""

    model_config = SettingsConfigDict(
        env_prefix="KERNELSCOPE_", frozen=True, populate_by_name=True, extra="ignore", validate_default=True
    )

    host: str = Field("127.0.0.1", validation_alias=AliasChoices("HOST"), description="Address to listen on.")
    hosts: Names = Field(
        [],
        description="Names by which clients address the server (Host header), separated by commas; *. for all names "
        "below; empty: if it listens on this machine alone, localhost, 127.0.0.1 and [::1], else every name.",
    )
    port: int = Field(8000, ge=0, le=65535, validation_alias=AliasChoices("PORT"), description="Port; 0: a free one.")
    root_path: str = Field(
        "",
        pattern=ROOT_PATH,
        description="The path under which a proxy serves everything, such as /kernelscope.",
    )
    trusted_proxies: str = Field(
        "127.0.0.1",
        validation_alias=AliasChoices("KERNELSCOPE_TRUSTED_PROXIES", "FORWARDED_ALLOW_IPS"),
        description="Addresses of proxies whose X-Forwarded-Prefix, -Proto and -For are believed, separated by commas; "
        "*: every one.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="The minimum log level.")

    artifacts: Path = Field(ROOT / "model" / "artifacts", description="Folder of the trained networks and test digits.")
    models: Path | None = Field(
        None, description="Folder of ONNX files; each is served as a model under its file name."
    )
    default_model: str = Field(
        DEFAULT_MODEL, description="The model that pages show and operations use if none is named."
    )

    body_bytes: int = Field(34 * 2**20, ge=2**10, le=2**26, description="Largest request body, in bytes.")
    buffered_bytes: int = Field(2**27, ge=2**20, description="Largest sum of all bodies being read, in bytes.")
    unread_bytes: int = Field(
        2**26,
        ge=2**20,
        description="Largest sum of all responses that wait for clients to read them, in bytes; beyond, 503.",
    )
    body_seconds: float = Field(20, gt=0, le=600, description="Time for a request body to arrive, in seconds.")

    image_bytes: int = Field(24 * 2**20, ge=2**10, le=2**26, description="Largest image file, in bytes.")
    image_pixels: int = Field(20_000_000, ge=784, le=200_000_000, description="Maximum number of pixels of an image.")
    jpeg_pixels: int = Field(
        100_000_000,
        ge=784,
        le=500_000_000,
        description="Maximum number of pixels of a baseline JPEG, which is decoded at reduced scale.",
    )
    strokes: int = Field(500, ge=1, le=100_000, description="Maximum number of strokes of a drawing.")
    points: int = Field(
        20_000, ge=1, le=1_000_000, description="Maximum number of points of a drawing, over all strokes."
    )

    live_sessions: int = Field(
        200, ge=0, le=100_000, description="Maximum number of live sessions at a time; beyond, 503."
    )
    live_idle_seconds: float = Field(
        300, gt=0, le=86_400, description="A live session without messages ends after this time, in seconds."
    )
    live_messages: int = Field(
        500, ge=1, le=100_000, description="Maximum number of messages a second of one live session; beyond, it ends."
    )
    origins: Names = Field(
        [], description="Other sites whose pages may use the API, live sessions included: origins, separated by commas."
    )
    embed_origins: Origins = Field(
        [],
        description="Sites whose pages may show pieces of this one in a frame: origins, separated by commas; none if "
        "empty.",
    )

    training: bool = Field(
        True,
        description="Whether visitors may train small networks of their own, which takes all cores that are idle.",
    )

    state: Path | None = Field(
        None,
        description="Folder of what visitors upload, shared by all workers and replicas; none: one that ends with the "
        "server.",
    )
    visitor_networks: int = Field(
        100, ge=0, le=100_000, description="Maximum number of visitors' own networks at a time; 0: none are taken."
    )
    visitor_trainings: int = Field(
        1000,
        ge=1,
        le=100_000,
        description="Maximum number of visitors' trainings at a time; beyond, 503.",
    )
    visitor_bytes: int = Field(
        2**28,
        ge=2**20,
        description="Largest sum of visitors' networks on disk, and of trainings, in bytes.",
    )
    visitor_hours: float = Field(
        24, gt=0, le=8760, description="How long visitors' networks and trainings are kept, in hours."
    )

    workers: int = Field(
        1, ge=1, le=64, description="Processes that serve, each with its own threads, queue, live sessions and metrics."
    )

    threads: int = Field(
        1, ge=1, le=64, description="Threads for long drawings. Slow requests use one separate thread."
    )
    queue: int = Field(64, ge=0, le=10_000, description="Maximum number of waiting requests; beyond, 503.")
    queue_seconds: float = Field(10, gt=0, le=600, description="Maximum wait for a thread, in seconds; beyond, 503.")
    shutdown_seconds: int = Field(10, ge=0, le=600, description="Time for running requests at shutdown, in seconds.")

    @property
    def admitted_origins(self) -> list[str]:
        """The origins of other pages that may use the API; with embeds also that of sandboxed frames: none."""
        return [*self.origins, *([NO_ORIGIN] if self.embed_origins else [])]
