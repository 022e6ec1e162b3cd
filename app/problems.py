"""Any exception → application/problem+json (RFC 9457), or a page when a browser requests one.

A response never repeats what was sent: it may be huge, hostile or somebody's drawing.
"""

import http
import logging
from collections.abc import Sequence
from typing import Any, TypeGuard

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.templating import Jinja2Templates
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection
from starlette.responses import Response
from starlette.routing import Match
from starlette.websockets import WebSocket

from app.codecs.tensor_json import encode_json
from app.errors import (
    AppError,
    InternalError,
    InvalidInput,
    MalformedRequest,
    MethodNotAllowed,
    NotFound,
)
from app.observability.metrics import Metrics

PROBLEM_JSON = "application/problem+json"

NEGOTIATED = {"Vary": "Accept"}
"""A browser that navigates gets a page, everybody else JSON."""

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
"""The methods that an address may have."""

MAX_ERRORS = 5
"""Errors in one response: 784 wrong numbers would take 100 kB."""

logger = logging.getLogger(__name__)


def install_problem_handlers(app: FastAPI) -> None:
    """Turn every exception into a problem."""

    async def respond(request: HTTPConnection, error: Exception) -> Response:
        return problem_response(request, error)

    for kind in (AppError, HTTPException, RequestValidationError):
        app.add_exception_handler(kind, respond)


async def reject_unknown_socket(websocket: WebSocket) -> None:
    """For WebSockets that no operation accepts; Starlette would respond with 403 and nothing else."""
    raise NotFound(f"There is no WebSocket at {websocket.url.path[:200]}.")


def count_error(connection: HTTPConnection, exception: Exception) -> AppError:
    """Any exception as an error that a client can understand; the metrics count it."""
    error = _as_app_error(connection, exception)
    metrics: Metrics = connection.app.state.metrics
    metrics.rejections.labels(error.slug).inc()
    return error


def problem_response(request: HTTPConnection, exception: Exception) -> Response:
    """The response to a request that failed, or to a WebSocket handshake that is not accepted."""
    error = count_error(request, exception)
    problem = error.as_problem(request.url.path[:200], root_path_of(request))
    if _is_navigation(request):
        templates: Jinja2Templates = request.app.state.templates
        page = templates.TemplateResponse(request, "pages/error.html", {"problem": problem}, status_code=error.status)
        page.headers.update({**error.headers, **NEGOTIATED})
        return page
    return Response(
        encode_json(problem), error.status, headers={**error.headers, **NEGOTIATED}, media_type=PROBLEM_JSON
    )


def root_path_of(connection: HTTPConnection) -> str:
    """The path under which the service is for this connection; behind the mount of static files, its own is longer."""
    return str(connection.scope.get("app_root_path", connection.scope.get("root_path", "")))


def invalid_input(errors: Sequence[Any]) -> InvalidInput:
    """Errors of pydantic, the first few of them, as locations and messages."""
    reported = [{"where": _location(error["loc"]), "message": error["msg"]} for error in errors[:MAX_ERRORS]]
    first = "; ".join(
        f"{error['where']}: {error['message']}" if error["where"] else error["message"] for error in reported
    )
    more = len(errors) - len(reported)
    return InvalidInput(f"{first}{f'; and {more} more' if more else ''}.", errors=reported)


def _as_app_error(request: HTTPConnection, exception: Exception) -> AppError:
    match exception:
        case AppError():
            return exception
        case RequestValidationError():
            return invalid_input(exception.errors())
        case HTTPException(status_code=404):
            return NotFound(f"There is nothing at {request.url.path[:200]}.")
        case HTTPException(status_code=405):
            allowed = _methods_of(request)
            works = f"{' and '.join(allowed)} {'do' if len(allowed) > 1 else 'does'}"
            return MethodNotAllowed(
                f"{request.scope['method'][:20]} does not work here; {works}.",
                headers={"Allow": ", ".join(allowed)},
            )
        case HTTPException(status_code=400):
            return MalformedRequest(f"The request could not be parsed: {exception.detail}")
        case HTTPException():
            return _plain_error(exception)
        case _:
            # The traceback names lines of code; it holds no value of a request.
            logger.error("unexpected error", exc_info=exception)
            return InternalError("The server made a mistake; its log has the details under the X-Request-ID.")


def _methods_of(request: HTTPConnection) -> list[str]:
    """Every method that works at the request's address; the framework names those of its first route alone."""
    requests = {method: {**request.scope, "method": method} for method in METHODS}
    return [
        method
        for method, scope in requests.items()
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)
    ]


def _plain_error(exception: HTTPException) -> AppError:
    """Whatever else the framework raises keeps its status."""
    error = AppError(str(exception.detail)[:200], headers=exception.headers)
    phrase = http.HTTPStatus(exception.status_code).phrase
    vars(error).update(slug=phrase.lower().replace(" ", "-"), title=phrase, status=exception.status_code)
    return error


def _location(location: Sequence[str | int]) -> str:
    """``("body", "strokes", 3)`` → ``body.strokes.3``; a field's name comes from the client, so it is cut short."""
    return ".".join(str(step)[:40] for step in location)


def _is_navigation(request: HTTPConnection) -> TypeGuard[Request]:
    """Whether a person opened a page."""
    return (
        isinstance(request, Request)
        and not request.url.path.startswith(f"{root_path_of(request)}/api/")
        and "text/html" in request.headers.get("accept", "")
    )
