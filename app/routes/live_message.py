"""The text of a live message becomes arrays for a session, and an answer or a refusal becomes bytes or text."""

from functools import partial

from pydantic import ValidationError

from app.codecs.media_types import SAFETENSORS
from app.codecs.tensor_json import decode_points, decode_strokes, encode_json_text
from app.errors import AppError, InvalidInput, MalformedRequest
from app.routes.inference import source_of
from app.routes.inference_answer import encode_inference
from app.routes.parameters import AnswerFormat
from app.schemas.inference import SOURCES
from app.schemas.live import LiveMessage, Numbered
from app.schemas.reading import read_body
from app.services.framing import MakeSource
from app.services.inference import run_forward
from app.services.live_session import NOT_JSON, Drawing, Message, Question, Refusal, SessionOver
from app.services.sample_catalog import SampleCatalog
from app.settings import Settings


def read_message(samples: SampleCatalog, settings: Settings, text: str) -> Message | Refusal:
    """Check a message.

    Raises:
        SessionOver: It is no JSON object.
    """
    if not text.lstrip().startswith("{"):
        raise SessionOver(NOT_JSON, "A message is a JSON object.")
    try:
        query = read_body(LiveMessage, text, settings)
    except MalformedRequest:
        raise SessionOver(NOT_JSON, "The message is not JSON.") from None
    except InvalidInput as error:
        return Refusal(_sequence_of(text), error)
    whole = bool(query.given(*SOURCES))
    return Message(
        sequence=query.sequence,
        digit=_whole_digit(query, samples, settings) if whole else None,
        framing=query.framing if whole or "framing" in query.model_fields_set else None,
        pen_width=query.pen_width if not whole and "pen_width" in query.model_fields_set else None,
        extend=None if query.extend is None else decode_points(query.extend),
        begin=None if query.begin is None else decode_points(query.begin),
        model=query.model,
        layers=query.layers,
        dtype=query.dtype,
    )


def answer_question(question: Question, most_cells: int) -> bytes:
    """Decode, draw within bounds as `draw` has them, frame, compute and encode; takes time, so call it in the pool."""
    inference = run_forward(question.served, question.make_source(most_cells), question.framing, question.layers)
    wanted = AnswerFormat(SAFETENSORS, question.dtype, filter=None, zoom=1, theme="light")
    return encode_inference(inference, wanted, {"sequence": encode_json_text(question.sequence)})


def encode_problem(sequence: int | None, error: AppError, instance: str) -> str:
    """The text that refuses a message."""
    return encode_json_text({"sequence": sequence, "problem": error.as_problem(instance)})


def _whole_digit(query: LiveMessage, samples: SampleCatalog, settings: Settings) -> Drawing | MakeSource:
    if query.strokes is not None:
        return Drawing(tuple(decode_strokes(query.strokes)), query.pen_width)
    return partial(source_of, query, samples, settings)


def _sequence_of(text: str) -> int | None:
    try:
        return Numbered.model_validate_json(text).sequence
    except ValidationError:
        return None
