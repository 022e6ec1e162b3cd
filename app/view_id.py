"""Ids of what visitors upload: whoever knows one can look at it, so nobody can guess one, and no log repeats it.

An id begins with the time when what it names is deleted, so that an old address can say so.
"""

import re
import secrets
import time
from datetime import UTC, datetime

LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
RANDOM_LETTERS = 26
"""130 random bits."""

PATTERN = rf"v[0-9a-f]{{7}}-[{LETTERS}]{{{RANDOM_LETTERS}}}"

_VIEW_ID = re.compile(PATTERN)


def new_view_id(seconds: float) -> str:
    """An id of something that is kept for so long from now."""
    minutes = int((time.time() + seconds) // 60)
    return f"v{minutes:07x}-" + "".join(secrets.choice(LETTERS) for _ in range(RANDOM_LETTERS))


def is_view_id(text: str) -> bool:
    """Whether a text has the form of an id."""
    return _VIEW_ID.fullmatch(text) is not None


def model_name(model: str) -> str:
    """What pages call a model: the id of a visitor's network is no name.

    >>> model_name("homework")
    'homework'
    """
    return "your own" if is_view_id(model) else model


def expiry_of(view_id: str) -> int:
    """When what an id names is deleted, in seconds since 1970, to the minute."""
    return 60 * int(view_id[1:8], 16)


def expiry_text(view_id: str) -> str:
    """The same for a response, in UTC (RFC 3339)."""
    return datetime.fromtimestamp(expiry_of(view_id), UTC).isoformat()


def without_view_ids(text: str) -> str:
    """A text for a log.

    >>> without_view_ids("/api/v1/models/v1c5e3f0-abcdefghijklmnopqrstuvwxyz/evidence")
    '/api/v1/models/v…/evidence'
    """
    return _VIEW_ID.sub("v…", text)
