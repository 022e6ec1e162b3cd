"""Who gets a seat when all are taken: the time goes in by hand."""

from contextlib import ExitStack

import pytest

from app.errors import ServerBusy
from app.live.seats import FIRST_SECONDS, IDLE_SECONDS, Seat, Seats


class Room:
    """Seats, the sessions that sit on them, and who was released."""

    def __init__(self, most: int) -> None:
        self.seats = Seats(most)
        self.released: list[str] = []
        self.sessions = ExitStack()

    def enter(self, address: str, now: float, name: str = "") -> Seat:
        taken = self.seats.taken_one(address, now, lambda: self.released.append(name or address))
        return self.sessions.enter_context(taken)

    def draw(self, address: str, now: float, name: str = "") -> Seat:
        seat = self.enter(address, now, name)
        seat.use(now)
        return seat


def test_sessions_beyond_the_seats_are_rejected_until_one_ends():
    seats = Seats(2)
    with seats.taken_one("a", 0, lambda: None):
        with seats.taken_one("b", 0, lambda: None), pytest.raises(ServerBusy, match="2 live sessions are open"):
            seats.taken_one("c", 0.5, lambda: None).__enter__()
        with seats.taken_one("c", 1, lambda: None):
            assert seats.taken == 2
    assert seats.taken == 0


def test_the_longest_idle_seat_of_the_address_with_most_seats_is_released():
    room = Room(4)
    room.enter("other", 0)
    for name, now in (("first", 3), ("second", 2), ("third", 4)):
        room.draw("greedy", now, name)

    room.enter("newcomer", 2 + IDLE_SECONDS)

    assert room.released == ["second"]
    assert room.seats.taken == 4
    room.sessions.close()
    assert room.seats.taken == 0


def test_sessions_in_use_keep_their_seats():
    room = Room(60)
    school = [room.draw("school", 0, str(number)) for number in range(60)]
    for seat in school[1:]:
        seat.use(100 - IDLE_SECONDS / 2)

    room.enter("school", 100)
    with pytest.raises(ServerBusy):
        room.enter("newcomer", 100 + FIRST_SECONDS / 2)

    assert room.released == ["0"]


def test_who_holds_few_seats_loses_none_to_an_address_that_holds_many():
    room = Room(3)
    room.enter("idle for long", 0)
    room.draw("greedy", 90)
    room.draw("greedy", 95)

    with pytest.raises(ServerBusy):
        room.enter("greedy", 99)

    assert room.released == []


def test_a_session_that_never_drew_gives_its_seat_first_and_sooner():
    room = Room(3)
    room.draw("school", 0, "drew long ago")
    room.enter("school", 5, "never drew")
    room.draw("school", 5, "drew")

    with pytest.raises(ServerBusy):
        room.enter("school", 5 + FIRST_SECONDS / 2)
    room.enter("school", IDLE_SECONDS + FIRST_SECONDS, "next")
    room.enter("school", IDLE_SECONDS + FIRST_SECONDS)

    assert room.released == ["never drew", "drew long ago"]
