"""One live session: a drawing that grows while its feature maps are computed, and the newest drawing wins.

Knows neither sockets nor JSON nor clocks: its inputs are messages and the time, its outputs are the next computation
and rejections. Every message is applied when it arrives; only computing is skipped: while one computation runs, the
messages that arrive are combined into one computation of the newest digit.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from websockets.frames import CloseCode

from app.drawing import MAX_CELLS, require_size
from app.errors import AppError, IncrementWithoutBase, InvalidInput
from app.framing import FramingChoice, MakeSource, Source, from_strokes
from app.model_catalog import ModelCatalog
from app.scheduling import Length, length_of_drawing
from app.served_network import ServedNetwork
from model.digits.strokes import GrowingInk, Stroke

Dtype = Literal["float32", "float16"]


@dataclass(frozen=True)
class Drawing:
    """Strokes as drawn so far. Never changed in place: a computation may still be reading an older one.

    Attributes:
        strokes: (n, 2) float64 each, pad units. One that did not grow is the same array as before.
        pen_width: In pad units.
        ink: The ink of earlier stages; used by one computation at a time.
    """

    strokes: tuple[Stroke, ...]
    pen_width: float
    ink: GrowingInk = field(default_factory=GrowingInk, repr=False, compare=False)

    @property
    def points(self) -> int:
        return sum(map(len, self.strokes))

    def extended(self, points: Stroke) -> "Drawing":
        """With more points in the last stroke."""
        return replace(self, strokes=(*self.strokes[:-1], np.concatenate([self.strokes[-1], points])))

    def begun(self, points: Stroke) -> "Drawing":
        """With one more stroke."""
        return replace(self, strokes=(*self.strokes, points))

    def __call__(self, most_cells: int = MAX_CELLS) -> Source:
        """Ink, within bounds as `draw` has them. Takes time: see `app.scheduling`."""
        return from_strokes(self.strokes, self.pen_width, self.ink, most_cells)


BLANK_PEN_WIDTH = 0.065


@dataclass(frozen=True)
class Message:
    """A message of a client; None leaves a setting as it is.

    Attributes:
        sequence: Greater than that of every message before.
        digit: A whole digit.
        framing: Of the digit, or of the current one.
        pen_width: Of the current drawing.
        extend: (n, 2) float64 points to add to the last stroke.
        begin: (n, 2) float64 points of a new stroke; after ``extend``.
        model: Name of the model to use from now on, with all of its layers.
        layers: Names of the layers to respond with from now on.
        dtype: Of the responses from now on.
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
class Rejection:
    """A message that changed nothing; sequence is None if it had no usable one."""

    sequence: int | None
    error: AppError


@dataclass(frozen=True)
class Computation:
    """What to compute: a digit, a network and its layers.

    Attributes:
        sequence: Of the newest message in it.
        make_source: Creates the digit.
        framing: How to frame it.
        served: The network.
        layers: The layers whose maps to respond with.
        dtype: Of the response.
        overtaken: Messages since the last computation that are not computed themselves.
    """

    sequence: int
    make_source: MakeSource
    framing: FramingChoice
    served: ServedNetwork
    layers: Sequence[str]
    dtype: Dtype
    overtaken: int = 0

    @property
    def length(self) -> Length:
        """How long it takes: a drawing grows by a few points at a time."""
        if not isinstance(self.make_source, Drawing):
            return Length.LONG
        return length_of_drawing(self.make_source.points, is_quick=self.served.is_quick)


class SessionOver(Exception):  # noqa: N818 - an idle session ends without an error
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
    """The state of one connection: a digit, the settings of responses, and whether a computation runs."""

    def __init__(self, catalog: ModelCatalog, model: str, limits: Limits, read: Callable[[str], Message | Rejection]):
        """Begin with a blank pad, every layer of the model, in float32.

        Args:
            catalog: The networks.
            model: Name of the network to use if the client names none.
            limits: What the client may send.
            read: Checks the text of a message; may raise SessionOver.
        """
        self._catalog = catalog
        self._limits = limits
        self._read = read
        self._current = Computation(
            0, Drawing((), BLANK_PEN_WIDTH), "auto", catalog[model], list(catalog[model].layers), "float32"
        )
        self._in_step = True
        self._last = 0
        self._waiting = 0
        self._computing = False
        self._allowance = float(limits.messages)
        self._counted_at: float | None = None

    def receive(self, frame: str | bytes, now: float) -> Rejection | None:
        """Apply one frame.

        Args:
            frame: Text, or bytes for a binary frame.
            now: Seconds of a steady clock.

        Returns:
            The rejection, if the message was rejected and changed nothing.

        Raises:
            SessionOver: The frame breaks the protocol.
        """
        self._count(now)
        if isinstance(frame, bytes):
            raise SessionOver(CloseCode.UNSUPPORTED_DATA, "Messages are JSON in text frames; this one was binary.")
        rejection = self._take(self._read(frame))
        if rejection is not None:
            # Increments that the client has already sent continue the drawing that this message would have made.
            self._in_step = False
        return rejection

    def next_computation(self) -> Computation | None:
        """The newest digit, unless a computation runs or it was computed already."""
        if self._computing or not self._waiting:
            return None
        computation = replace(self._current, overtaken=self._waiting - 1)
        self._computing, self._waiting = True, 0
        return computation

    def settle(self) -> None:
        """The computation ended, with or without an error; the next one may begin."""
        self._computing = False

    def _count(self, now: float) -> None:
        """Count a message; those of one second may arrive at once, as after a pause of the network."""
        per_second = self._limits.messages
        elapsed = 0.0 if self._counted_at is None else now - self._counted_at
        self._allowance = min(per_second, self._allowance + elapsed * per_second) - 1
        self._counted_at = now
        if self._allowance < 0:
            raise SessionOver(CloseCode.POLICY_VIOLATION, f"More than {per_second} messages a second.")

    def _take(self, message: Message | Rejection) -> Rejection | None:
        if message.sequence is not None:
            if message.sequence <= self._last:
                detail = f"sequence is {message.sequence}, but must be greater than the last one, {self._last}."
                return Rejection(None, InvalidInput(detail))
            self._last = message.sequence
        if isinstance(message, Rejection):
            return message
        try:
            self._accept(message)
        except AppError as error:
            return Rejection(message.sequence, error)
        return None

    def _accept(self, message: Message) -> None:
        """Apply all of a message, or nothing if it is invalid."""
        digit, framing = self._digit_after(message)
        served, layers = self._current.served, self._current.layers
        if message.model is not None:
            served = self._catalog[message.model]
            layers = list(served.layers)
        if message.layers is not None:
            layers = served.choose_layers(message.layers)
        dtype = message.dtype or self._current.dtype
        self._current = Computation(message.sequence, digit, framing, served, layers, dtype)
        self._in_step = self._in_step or message.digit is not None
        self._waiting += 1

    def _digit_after(self, message: Message) -> tuple[MakeSource, FramingChoice]:
        if message.digit is not None:
            return message.digit, message.framing or "auto"
        digit = self._current.make_source
        if message.extend is not None or message.begin is not None or message.pen_width is not None:
            digit = self._grown(digit, message)
        return digit, message.framing or self._current.framing

    def _grown(self, digit: MakeSource, message: Message) -> Drawing:
        if not self._in_step:
            raise IncrementWithoutBase("An earlier message was rejected; send the whole drawing as strokes.")
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
