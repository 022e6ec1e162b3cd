"""The application: middleware, routes, static files and problem handlers, put together."""

from functools import cache, lru_cache
from typing import Any

from fastapi import FastAPI, Request
from fastapi.templating import Jinja2Templates
from starlette.middleware.cors import CORSMiddleware

from app import __version__, pages
from app.addresses import Addresses
from app.api_reference import mark_code
from app.codecs.media_types import NPZ, SAFETENSORS
from app.documentation import DESCRIPTION, TAGS, complete_document
from app.formats import GZIP_LEVEL
from app.lifespan import lifespan
from app.live import channel
from app.middleware.body_limit import BodyLimitMiddleware
from app.middleware.compression import CompressionMiddleware
from app.middleware.forwarded import ForwardedMiddleware
from app.middleware.head import HeadMiddleware
from app.middleware.known_hosts import KnownHostsMiddleware, known_hosts
from app.middleware.request_id import RequestIdMiddleware
from app.middleware.response_pieces import ResponsePiecesMiddleware, UnreadResponses
from app.middleware.root_path import RootPathMiddleware
from app.middleware.security_headers import SecurityHeadersMiddleware
from app.middleware.timing import TimingMiddleware
from app.middleware.unexpected_errors import UnexpectedErrorsMiddleware
from app.navigation import NAVIGATION, page_link
from app.observability.metrics import Metrics
from app.operations import (
    attribution,
    backward_pass,
    code,
    confusion,
    evidence,
    feature_comparison,
    feature_maps,
    feature_visualization,
    filter_names,
    gradient_check,
    gradient_descent,
    gradients,
    health,
    history,
    inference_protocol,
    kernel_edits,
    kernels,
    layer_costs,
    layer_maps,
    models,
    neuron,
    orientation_tuning,
    perturb_pixel,
    pixel_permutation,
    robustness,
    samples,
    translation,
    visitor_networks,
    weights,
)
from app.problems import install_problem_handlers, reject_unknown_socket, root_path_of
from app.routing import add_routes
from app.settings import ROOT, Settings
from app.static_files import PREFIX, StaticFiles
from app.trainings import routes as trainings
from app.view_id import model_name

ROUTES = (
    feature_maps,
    channel,
    models,
    visitor_networks,
    history,
    kernels,
    weights,
    code,
    neuron,
    layer_costs,
    perturb_pixel,
    translation,
    feature_comparison,
    pixel_permutation,
    orientation_tuning,
    filter_names,
    gradients,
    gradient_check,
    backward_pass,
    gradient_descent,
    kernel_edits,
    feature_visualization,
    attribution,
    evidence,
    layer_maps,
    confusion,
    robustness,
    trainings,
    inference_protocol,
    samples,
    health,
    pages,
)
"""Modules with a `router`, in the order in which paths are matched: those that are requested most come first."""


def create_app(settings: Settings | None = None) -> FastAPI:
    """The application; networks are loaded when it starts, not here."""
    settings = settings or Settings()
    _require_free(settings.root_path)
    app = FastAPI(
        title="Kernelscope",
        version=__version__,
        description=DESCRIPTION,
        openapi_tags=TAGS,
        lifespan=lifespan,
        telemetry={"tracing": False, "metrics": False, "logs": False},  # /metrics and the log of requests are its own
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.settings = settings
    app.state.metrics = Metrics()
    app.state.unread = UnreadResponses()
    add_middleware(app, settings, app.state.metrics, app.state.unread)
    static_files = StaticFiles(ROOT / "static")
    app.state.templates = _create_templates(
        Addresses(settings.root_path, settings.default_model, f"{PREFIX}/{static_files.digest}"),
        has_embeds=bool(settings.embed_origins),
    )
    install_problem_handlers(app)
    for routes in ROUTES:
        add_routes(app, routes.router)
    app.add_api_websocket_route("/{path:path}", reject_unknown_socket)
    app.mount(PREFIX, static_files, name="static")
    _document(app)
    return app


@cache
def _create_templates(address: Addresses, *, has_embeds: bool) -> Jinja2Templates:
    """The page templates; applications with the same addresses share them, compiled."""

    def addresses_of(request: Request) -> dict[str, Any]:
        """Those under the root path of the request, which a proxy may name."""
        here = address.under(root_path_of(request))
        return {"address": here, "file": here.of_file, "root_path": here.root_path}

    templates = Jinja2Templates(ROOT / "templates", context_processors=[addresses_of])
    templates.env.globals.update(
        default_model=address.default_model,
        navigation=NAVIGATION,
        has_embeds=has_embeds,
        page_link=page_link,
    )
    templates.env.filters["mark_code"] = mark_code
    templates.env.filters["model_name"] = model_name
    return templates


def _require_free(root_path: str) -> None:
    """Raises ValueError if addresses of the service begin with the root path, which would be removed from them."""
    taken = _taken(root_path)
    if taken:
        raise ValueError(
            f"KERNELSCOPE_ROOT_PATH is {root_path!r}, but the service has addresses that begin so itself, such as "
            f"{taken[0]}; choose another path."
        )


def _taken(root_path: str) -> list[str]:
    """The addresses of the service that begin with a path."""
    paths = [f"{PREFIX}/", *(route.path for routes in ROUTES for route in routes.router.routes)]
    return [path for path in paths if root_path and f"{path}/".startswith(f"{root_path}/")]


@lru_cache(maxsize=16)
def _is_free(prefix: str) -> bool:
    """Whether no address of the service begins with a path; proxies name it in every request."""
    return not _taken(prefix)


def _document(app: FastAPI) -> None:
    """Make /openapi.json describe the real responses."""
    original = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = complete_document(original(), app.state.settings.root_path)
        return app.openapi_schema

    # FastAPI's documented way to change the document is to replace this method.
    app.openapi = openapi  # type: ignore[method-assign]


def add_middleware(app: FastAPI, settings: Settings, metrics: Metrics, unread: UnreadResponses) -> None:
    """From the innermost to the outermost: each one added wraps those before it."""
    app.add_middleware(HeadMiddleware)
    app.add_middleware(
        BodyLimitMiddleware,
        body_bytes=settings.body_bytes,
        buffered_bytes=settings.buffered_bytes,
        seconds=settings.body_seconds,
    )
    # Arrays of float32 hardly shrink: compressing them would take longer than sending them.
    app.add_middleware(CompressionMiddleware, level=GZIP_LEVEL, excluded=(SAFETENSORS, NPZ))
    app.add_middleware(UnexpectedErrorsMiddleware)
    app.add_middleware(KnownHostsMiddleware, hosts=known_hosts(settings.hosts, settings.host))
    app.add_middleware(SecurityHeadersMiddleware, has_embeds=bool(settings.embed_origins))
    app.add_middleware(TimingMiddleware, metrics=metrics)
    if settings.admitted_origins:
        # Browsers request more than a simple GET of another site only after it has agreed.
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.admitted_origins,
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["*"],
            expose_headers=["*"],
        )
    app.add_middleware(RequestIdMiddleware)
    app.add_middleware(RootPathMiddleware, root_path=settings.root_path)
    app.add_middleware(ForwardedMiddleware, trusted=settings.trusted_proxies, is_free=_is_free)
    app.add_middleware(ResponsePiecesMiddleware, unread=unread)
