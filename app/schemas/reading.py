"""A body's JSON text becomes a checked object, from the cheap checks to the costly."""

from typing import TypeVar

from pydantic import BaseModel, ValidationError

from app.errors import DrawingTooLarge, MalformedRequest
from app.problems import invalid_input
from app.schemas.inference import DigitFields
from app.services.drawing import require_size
from app.settings import Settings

BodyT = TypeVar("BodyT", bound=BaseModel)


def read_body(kind: type[BodyT], text: bytes | str, settings: Settings) -> BodyT:
    """Check the JSON of a digit, and of whatever else its kind has.

    Raises:
        DrawingTooLarge: More numbers, strokes or points than this server draws.
        MalformedRequest: Not JSON.
        InvalidInput: JSON, but not of this kind.
    """
    # Counting separators costs a hundredth of parsing: a flood ends here, before any number is made of it.
    most = 2 * settings.points + settings.strokes + 1000
    if (text.count(b",") if isinstance(text, bytes) else text.count(",")) > most:
        raise DrawingTooLarge(
            f"The body lists more than {most:,} values; a drawing may have {settings.points:,} points.",
            limit_points=settings.points,
        )
    try:
        query = kind.model_validate_json(text)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False, include_context=False)
        if errors[0]["type"] == "json_invalid":
            reason = errors[0]["msg"].removeprefix("Invalid JSON: ")
            raise MalformedRequest(f"The body is not JSON: {reason}.") from None
        raise invalid_input(errors) from None
    if isinstance(query, DigitFields) and query.strokes is not None:
        require_size(len(query.strokes), sum(map(len, query.strokes)), settings.strokes, settings.points)
    return query
