"""The application: middleware, routes, static files and problem handlers, put together."""

from typing import Any

from fastapi import FastAPI
from fastapi.templating import Jinja2Templates
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware

from app import __version__
from app.codecs.media_types import NPZ, SAFETENSORS
from app.lifespan import lifespan
from app.middleware.body_limit import BodyLimitMiddleware
from app.middleware.head import HeadMiddleware
from app.middleware.request_id import RequestIdMiddleware
from app.middleware.security_headers import SecurityHeadersMiddleware
from app.middleware.timing import TimingMiddleware
from app.middleware.unexpected_errors import UnexpectedErrorsMiddleware
from app.observability.metrics import Metrics
from app.problems import install_problem_handlers
from app.routes import (
    attribution,
    editor,
    experiments,
    explanations,
    gradients,
    inference,
    inference_protocol,
    live,
    networks,
    operations,
    orientation,
    pages,
    samples,
    trainings,
)
from app.schemas.api_reference import mark_code
from app.schemas.documentation import DESCRIPTION, TAGS, remove_default_refusals
from app.settings import ROOT, Settings
from app.static_files import RevalidatedStaticFiles

GZIP_LEVEL = 6
"""Scripts and styles come within a thousandth of the smallest that higher levels make of them."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application; networks are loaded when it starts, not here."""
    app = FastAPI(
        title="Kernelscope",
        version=__version__,
        description=DESCRIPTION,
        openapi_tags=TAGS,
        generate_unique_id_function=lambda route: route.name,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.settings = settings or Settings()
    app.state.metrics = Metrics()
    _add_middleware(app, app.state.settings, app.state.metrics)
    app.state.templates = Jinja2Templates(ROOT / "templates")
    app.state.templates.env.filters["mark_code"] = mark_code
    install_problem_handlers(app)
    for routes in (
        networks,
        inference,
        live,
        explanations,
        experiments,
        orientation,
        gradients,
        editor,
        attribution,
        trainings,
        inference_protocol,
        samples,
        operations,
        pages,
    ):
        app.include_router(routes.router)
    app.mount("/static", RevalidatedStaticFiles(directory=ROOT / "static"), name="static")
    _document(app)
    return app


def _document(app: FastAPI) -> None:
    """Make /openapi.json say what the application really answers."""
    original = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = remove_default_refusals(original())
        return app.openapi_schema

    # FastAPI's documented way to change the document is to replace this method.
    app.openapi = openapi  # type: ignore[method-assign]


def _add_middleware(app: FastAPI, settings: Settings, metrics: Metrics) -> None:
    """From the innermost to the outermost: each one added wraps those before it."""
    app.add_middleware(HeadMiddleware)
    app.add_middleware(
        BodyLimitMiddleware,
        body_bytes=settings.body_bytes,
        buffered_bytes=settings.buffered_bytes,
        seconds=settings.body_seconds,
    )
    # Arrays of float32 hardly shrink: packing them would take longer than sending them.
    app.add_middleware(
        GZipMiddleware,
        minimum_size=1000,
        compresslevel=GZIP_LEVEL,
        exclude_content_types=(*DEFAULT_EXCLUDED_CONTENT_TYPES, SAFETENSORS, NPZ),
    )
    app.add_middleware(UnexpectedErrorsMiddleware)
    app.add_middleware(SecurityHeadersMiddleware)
    app.add_middleware(TimingMiddleware, metrics=metrics)
    app.add_middleware(RequestIdMiddleware)
