"""One live session: a drawing that grows while its feature maps are computed, and the newest drawing wins.

Knows neither sockets nor JSON nor clocks: messages and the time come in; what to compute next, and what to refuse,
comes out. Every message is applied when it comes, and only computing is skipped: while one question is being computed,
those that come wait as one, which asks for the newest of them.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from app.errors import AppError, IncrementWithoutBase, InvalidInput, ServerBusy
from app.services.drawing import MAX_CELLS, require_size
from app.services.framing import FramingChoice, MakeSource, Source, from_strokes
from app.services.network_catalog import NetworkCatalog, ServedNetwork
from model.strokes import GrowingInk, Stroke

Dtype = Literal["float32", "float16"]

NOT_JSON, REFUSED_KIND, TOO_MANY = 1007, 1003, 1008
"""Codes that close a WebSocket (RFC 6455, 7.4.1)."""


@dataclass(frozen=True)
class Drawing:
    """Strokes as drawn so far. Never changed in place: a computation may still be reading an older one.

    Attributes:
        strokes: (n, 2) float64 each, pad units. One that did not grow is the same array as before.
        pen_width: In pad units.
        ink: What was drawn of earlier stages, for whichever stage is computed; one at a time is.
    """

    strokes: tuple[Stroke, ...]
    pen_width: float
    ink: GrowingInk = field(default_factory=GrowingInk, repr=False, compare=False)

    @property
    def points(self) -> int:
        return sum(map(len, self.strokes))

    def extended(self, points: Stroke) -> "Drawing":
        """The last stroke goes on."""
        return replace(self, strokes=(*self.strokes[:-1], np.concatenate([self.strokes[-1], points])))

    def begun(self, points: Stroke) -> "Drawing":
        """One stroke more."""
        return replace(self, strokes=(*self.strokes, points))

    def __call__(self, most_cells: int = MAX_CELLS) -> Source:
        """Ink, within bounds as `draw` has them. Takes time, so call it in the pool."""
        return from_strokes(self.strokes, self.pen_width, self.ink, most_cells)


BLANK_PEN_WIDTH = 0.065


@dataclass(frozen=True)
class Message:
    """What a client sends; None leaves things as they are.

    Attributes:
        sequence: Greater than that of every message before.
        digit: A whole digit.
        framing: Of the digit, or of the one that is held.
        pen_width: Of the drawing that is held.
        extend: (n, 2) float64 points that the last stroke goes on with.
        begin: (n, 2) float64 points of a new stroke; after ``extend``.
        model: Name of the model that is asked from now on, and all of its layers.
        layers: Names of the layers to answer from now on.
        dtype: Of the answers from now on.
    """

    sequence: int
    digit: Drawing | MakeSource | None = None
    framing: FramingChoice | None = None
    pen_width: float | None = None
    extend: Stroke | None = None
    begin: Stroke | None = None
    model: str | None = None
    layers: Sequence[str] | None = None
    dtype: Dtype | None = None


@dataclass(frozen=True)
class Refusal:
    """A message that changed nothing; sequence is None if it had no usable one."""

    sequence: int | None
    error: AppError


@dataclass(frozen=True)
class Question:
    """What to compute: a digit and the view of it.

    Attributes:
        sequence: Of the newest message it takes in.
        make_source: The digit; call it in the pool.
        framing: How to make 28×28 of it.
        served: The network.
        layers: Whose maps to answer.
        dtype: Of the answer.
        overtaken: Messages that came since the last question and are not computed themselves.
    """

    sequence: int
    make_source: MakeSource
    framing: FramingChoice
    served: ServedNetwork
    layers: Sequence[str]
    dtype: Dtype
    overtaken: int = 0


class SessionOver(Exception):  # noqa: N818 - nothing went wrong here
    """The client broke the protocol: close with this code and reason."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True)
class Limits:
    """What one session may send: strokes and points of its drawing, and messages a second."""

    strokes: int
    points: int
    messages: int


class LiveSession:
    """What one connection holds: a digit, how it is to be answered, and whether something is being computed."""

    def __init__(self, catalog: NetworkCatalog, model: str, limits: Limits, read: Callable[[str], Message | Refusal]):
        """Begin with a blank pad, every layer of the model, in float32.

        Args:
            catalog: The networks.
            model: Name of the one that is asked if the client names none.
            limits: What the client may send.
            read: Checks the text of a message; may raise SessionOver.
        """
        self._catalog = catalog
        self._limits = limits
        self._read = read
        self._held = Question(
            0, Drawing((), BLANK_PEN_WIDTH), "auto", catalog[model], list(catalog[model].layers), "float32"
        )
        self._in_step = True
        self._last = 0
        self._waiting = 0
        self._computing = False
        self._allowance = float(limits.messages)
        self._counted_at: float | None = None

    def receive(self, frame: str | bytes, now: float) -> Refusal | None:
        """Take in one frame.

        Args:
            frame: Text, or bytes for a binary frame.
            now: Seconds of a steady clock.

        Returns:
            What to tell the client if the message is refused: it then changed nothing.

        Raises:
            SessionOver: Nothing that can be answered.
        """
        self._count(now)
        if isinstance(frame, bytes):
            raise SessionOver(REFUSED_KIND, "Messages are JSON in text frames; this one was binary.")
        refusal = self._take(self._read(frame))
        if refusal is not None:
            # Increments already under way were meant for the drawing that this message would have made.
            self._in_step = False
        return refusal

    def next_question(self) -> Question | None:
        """What to compute now: the newest digit, unless one is being computed or it was asked already."""
        if self._computing or not self._waiting:
            return None
        question = replace(self._held, overtaken=self._waiting - 1)
        self._computing, self._waiting = True, 0
        return question

    def settle(self) -> None:
        """The question was computed, whatever came of it; the next one may be."""
        self._computing = False

    def _count(self, now: float) -> None:
        """A second's worth of messages may come at once, as it does after a pause of the network."""
        rate = self._limits.messages
        elapsed = 0.0 if self._counted_at is None else now - self._counted_at
        self._allowance = min(rate, self._allowance + elapsed * rate) - 1
        self._counted_at = now
        if self._allowance < 0:
            raise SessionOver(TOO_MANY, f"More than {rate} messages a second.")

    def _take(self, message: Message | Refusal) -> Refusal | None:
        if message.sequence is not None:
            if message.sequence <= self._last:
                detail = f"sequence is {message.sequence}, but must be greater than the last one, {self._last}."
                return Refusal(None, InvalidInput(detail))
            self._last = message.sequence
        if isinstance(message, Refusal):
            return message
        try:
            self._accept(message)
        except AppError as error:
            return Refusal(message.sequence, error)
        return None

    def _accept(self, message: Message) -> None:
        """All of a message or nothing of it."""
        digit, framing = self._digit_after(message)
        served, layers = self._held.served, self._held.layers
        if message.model is not None:
            served = self._catalog[message.model]
            layers = list(served.layers)
        if message.layers is not None:
            layers = served.choose_layers(message.layers)
        dtype = message.dtype or self._held.dtype
        self._held = Question(message.sequence, digit, framing, served, layers, dtype)
        self._in_step = self._in_step or message.digit is not None
        self._waiting += 1

    def _digit_after(self, message: Message) -> tuple[MakeSource, FramingChoice]:
        if message.digit is not None:
            return message.digit, message.framing or "auto"
        digit = self._held.make_source
        if message.extend is not None or message.begin is not None or message.pen_width is not None:
            digit = self._grown(digit, message)
        return digit, message.framing or self._held.framing

    def _grown(self, digit: MakeSource, message: Message) -> Drawing:
        if not self._in_step:
            raise IncrementWithoutBase("An earlier message was refused; send the whole drawing as strokes.")
        if not isinstance(digit, Drawing):
            raise IncrementWithoutBase("The digit is not a drawing; send strokes, which may be empty, to begin one.")
        if message.extend is not None:
            if not digit.strokes:
                raise IncrementWithoutBase("There is no stroke to extend; begin one.")
            digit = digit.extended(message.extend)
        if message.begin is not None:
            digit = digit.begun(message.begin)
        if message.pen_width is not None:
            digit = replace(digit, pen_width=message.pen_width)
        require_size(len(digit.strokes), digit.points, self._limits.strokes, self._limits.points)
        return digit


class Seats:
    """As many live sessions as the server holds at a time.

    Attributes:
        taken: Sessions now.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self.taken = 0

    @contextmanager
    def taken_one(self) -> Iterator[None]:
        """Hold a seat; raises ServerBusy if there is none."""
        if self.taken >= self._most:
            raise ServerBusy(
                f"{self.taken} live sessions are open, which is all this server holds; POST works without one.",
                headers={"Retry-After": "10"},
                retry_after_seconds=10,
            )
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1
