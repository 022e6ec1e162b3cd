"""One JSON object a line on standard output.

Requests are logged by method, path and status only: no body, no query, so no drawing.
"""

import logging
import sys
from datetime import UTC, datetime

import orjson

from app.middleware.request_id import request_id

# What every LogRecord has; whatever else it has came through `extra`.
_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "color_message", "taskName"}


class JsonFormatter(logging.Formatter):
    """A record as one line of JSON."""

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
    """False for uvicorn's lines of who opened a WebSocket; `app.routes.live` logs sessions without their addresses."""
    return '- "WebSocket' not in str(record.msg)


def configure_logging(level: str) -> None:
    """Send everything, uvicorn's messages included, through the one formatter."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    logging.captureWarnings(True)
    logging.getLogger("uvicorn.error").addFilter(names_no_visitor)
