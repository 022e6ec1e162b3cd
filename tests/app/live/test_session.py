"""A live session by itself: messages and the time go in by hand."""

from pathlib import Path

import numpy as np
import pytest

from app.errors import DrawingTooLarge, IncrementWithoutBase, InvalidInput, UnknownLayer, UnknownModel
from app.live.session import Drawing, Limits, LiveSession, Message, Rejection, SessionOver
from app.model_catalog import ModelCatalog
from tests.builders import TINY_LAYERS

LIMITS = Limits(strokes=3, points=8, messages=4)


def points(*pairs: tuple[float, float]) -> np.ndarray:
    return np.array(pairs, dtype=np.float64)


def drawing(*strokes: np.ndarray) -> Drawing:
    return Drawing(strokes, 0.065)


A, B, C, D = points((0.1, 0.1)), points((0.2, 0.2)), points((0.3, 0.3)), points((0.4, 0.4))


@pytest.fixture
def session(artifacts: Path) -> LiveSession:
    """Reads messages as they are: what their text looks like is another module's business."""
    return LiveSession(ModelCatalog.load(artifacts), "cnn", LIMITS, read=lambda message: message)


class Clock:
    """A second passes between messages, so that nobody is in a hurry."""

    now = 0.0


def receive(session: LiveSession, *messages: Message | Rejection) -> list[Rejection | None]:
    Clock.now += 1000
    return [session.receive(message, Clock.now + number) for number, message in enumerate(messages)]


def strokes_of(session: LiveSession) -> list[list[list[float]]]:
    """The strokes that would be computed next."""
    question = session.next_computation()
    session.settle()
    return [stroke.tolist() for stroke in question.make_source.strokes]


def test_newest_of_the_messages_that_came_while_computing_is_asked_next(session: LiveSession):
    receive(session, Message(1, begin=A))
    first = session.next_computation()
    receive(session, Message(2, extend=B), Message(3, extend=C), Message(4, extend=D))

    assert session.next_computation() is None
    session.settle()
    second = session.next_computation()

    assert (first.sequence, first.overtaken) == (1, 0)
    assert (second.sequence, second.overtaken) == (4, 2)
    assert session.next_computation() is None


def test_nothing_is_computed_twice(session: LiveSession):
    receive(session, Message(1, begin=A))
    session.next_computation()

    session.settle()

    assert session.next_computation() is None


def test_increments_that_are_never_computed_are_drawn_all_the_same(session: LiveSession):
    receive(session, Message(1, begin=A), Message(2, extend=B), Message(3, begin=C), Message(4, extend=D, begin=A))

    assert strokes_of(session) == [[[0.1, 0.1], [0.2, 0.2]], [[0.3, 0.3], [0.4, 0.4]], [[0.1, 0.1]]]


def test_drawing_that_is_being_computed_does_not_change(session: LiveSession):
    receive(session, Message(1, digit=drawing(A, B)))
    question = session.next_computation()

    receive(session, Message(2, extend=C))

    assert [stroke.tolist() for stroke in question.make_source.strokes] == [[[0.1, 0.1]], [[0.2, 0.2]]]


def test_stroke_that_did_not_grow_stays_the_same_array(session: LiveSession):
    receive(session, Message(1, digit=drawing(A, B)))
    receive(session, Message(2, extend=C))

    assert session.next_computation().make_source.strokes[0] is A


def test_session_begins_with_a_blank_pad_and_every_layer(session: LiveSession):
    receive(session, Message(1))

    question = session.next_computation()

    assert question.make_source == Drawing((), 0.065)
    assert (question.framing, question.layers, question.dtype) == ("auto", TINY_LAYERS, "float32")


def test_settings_stay_until_they_are_changed(session: LiveSession):
    receive(session, Message(1, layers=["relu1", "conv1", "relu1"], dtype="float16"), Message(2, digit=drawing(A)))

    question = session.next_computation()

    assert (question.sequence, question.layers, question.dtype) == (2, ["relu1", "conv1"], "float16")


def test_message_of_settings_alone_asks_the_same_digit_again(session: LiveSession):
    receive(session, Message(1, digit=drawing(A), framing="none"))
    before = session.next_computation()
    session.settle()

    receive(session, Message(2, layers=[]))
    after = session.next_computation()

    assert after.make_source is before.make_source
    assert (after.framing, after.layers) == ("none", [])


def test_naming_a_model_asks_for_all_of_its_layers(session: LiveSession):
    receive(session, Message(1, layers=["conv1"]), Message(2, model="cnn"))

    assert session.next_computation().layers == TINY_LAYERS


def test_whole_digit_has_the_framing_of_a_new_one(session: LiveSession):
    receive(session, Message(1, digit=drawing(A), framing="none"), Message(2, digit=drawing(B)))

    assert session.next_computation().framing == "auto"


def test_pen_width_and_framing_change_the_digit_that_is_held(session: LiveSession):
    receive(session, Message(1, digit=drawing(A)), Message(2, pen_width=0.1, framing="none"))

    question = session.next_computation()

    assert question.make_source.pen_width == 0.1
    assert question.framing == "none"


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (Message(2, layers=["conv9"], extend=B), UnknownLayer),
        (Message(2, model="vgg", extend=B), UnknownModel),
        (Message(2, begin=np.repeat(A, 8, axis=0)), DrawingTooLarge),
        (Rejection(2, InvalidInput("no")), InvalidInput),
    ],
)
def test_refused_message_changes_nothing(session: LiveSession, message: Message, error: type[Exception]):
    receive(session, Message(1, digit=drawing(A), layers=["conv1"]))
    session.next_computation()
    session.settle()

    (refusal,) = receive(session, message)

    assert refusal.sequence == 2
    assert isinstance(refusal.error, error)
    assert session.next_computation() is None
    receive(session, Message(3))
    question = session.next_computation()
    assert question.make_source.strokes == (A,)
    assert question.layers == ["conv1"]


def test_increments_behind_a_refused_message_wait_for_a_whole_digit(session: LiveSession):
    receive(session, Message(1, digit=drawing(A)))

    refused, increment, whole, again = receive(
        session,
        Message(2, layers=["conv9"], digit=drawing(B)),
        Message(3, extend=C),
        Message(4, digit=drawing(B)),
        Message(5, extend=C),
    )

    assert isinstance(refused.error, UnknownLayer)
    assert isinstance(increment.error, IncrementWithoutBase)
    assert (whole, again) == (None, None)
    assert strokes_of(session) == [[[0.2, 0.2], [0.3, 0.3]]]


@pytest.mark.parametrize(
    ("held", "increment"),
    [
        (drawing(), Message(2, extend=A)),
        (lambda: None, Message(2, extend=A)),
        (lambda: None, Message(2, begin=A)),
        (lambda: None, Message(2, pen_width=0.1)),
    ],
    ids=["no stroke", "extend a sample", "begin on a sample", "pen of a sample"],
)
def test_increment_needs_a_drawing(session: LiveSession, held, increment: Message):
    receive(session, Message(1, digit=held))

    (refusal,) = receive(session, increment)

    assert isinstance(refusal.error, IncrementWithoutBase)


def test_fourth_stroke_of_three_is_refused(session: LiveSession):
    receive(session, Message(1, digit=drawing(A, B, C)))

    (refusal,) = receive(session, Message(2, begin=D))

    assert str(refusal.error) == (
        "The drawing has 4 strokes with 4 points in all; this server draws up to 3 strokes and 8 points."
    )


@pytest.mark.parametrize("sequence", [1, 4, 5])
def test_sequence_must_increase(session: LiveSession, sequence: int):
    receive(session, Message(5, begin=A))

    (refusal,) = receive(session, Message(sequence, extend=B))

    assert refusal.sequence is None
    assert str(refusal.error) == f"sequence is {sequence}, but must be greater than the last one, 5."


def test_binary_frame_ends_the_session(session: LiveSession):
    with pytest.raises(SessionOver) as over:
        session.receive(b"{}", 0)

    assert over.value.code == 1003


def test_as_many_messages_as_allowed_may_come_at_once_and_one_more_ends_it(session: LiveSession):
    for sequence in range(1, 5):
        session.receive(Message(sequence), 0)

    with pytest.raises(SessionOver, match="More than 4 messages a second") as over:
        session.receive(Message(5), 0.2)

    assert over.value.code == 1008


def test_allowed_pace_goes_on_for_ever(session: LiveSession):
    for number in range(40):
        assert session.receive(Message(number + 1), number / 4) is None


def test_drawings_share_no_ink_but_with_what_they_grew_from():
    """Sessions are computed in several threads, and what keeps the ink serves one at a time."""
    one, other = drawing(A), drawing(A)

    assert one.ink is not other.ink
    assert one.begun(B).extended(C).ink is one.ink


def test_what_a_session_draws_while_it_grows_is_what_is_drawn_at_once(session: LiveSession):
    receive(session, Message(1, begin=A))
    for sequence, point in enumerate((B, C, D), start=2):
        session.next_computation().make_source()
        session.settle()
        receive(session, Message(sequence, extend=point))

    grown = session.next_computation().make_source()

    at_once = drawing(np.concatenate([A, B, C, D]))()
    np.testing.assert_array_equal(grown.ink, at_once.ink)
    np.testing.assert_array_equal(grown.unframed(), at_once.unframed())
