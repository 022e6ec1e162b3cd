"""Logs: one JSON object per line on standard output.

Requests are logged by method, path and status only: no body, no query, so no drawing.
"""

import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime

import orjson

request_id: ContextVar[str | None] = ContextVar("request_id", default=None)
"""The id of the request that is being handled; `RequestIdMiddleware` sets it."""

# The attributes of every LogRecord; all others come from `extra`.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message", "taskName"}


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": request_id.get(),
            **{name: value for name, value in vars(record).items() if name not in _STANDARD},
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def names_no_visitor(record: logging.LogRecord) -> bool:
    """False for uvicorn's lines with the address of a WebSocket's client; `app.live.channel` logs without it."""
    return '- "WebSocket' not in str(record.msg)


def configure_logging(level: str) -> None:
    """Send all records, uvicorn's too, through this formatter."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(True)
    logging.getLogger("uvicorn.error").addFilter(names_no_visitor)
