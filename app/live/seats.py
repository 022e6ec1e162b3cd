"""Seats: a bounded number of live sessions, so that nobody can keep others out.

Knows neither sockets nor clocks.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from app.errors import ServerBusy

IDLE_SECONDS = 10.0
"""A session without messages for this long can lose its seat to another one. A pause in drawing is shorter."""

FIRST_SECONDS = 1.0
"""The same for a session that never had a message: a page sends its drawing at once."""


@dataclass(eq=False)
class Seat:
    """One session's place.

    Attributes:
        address: Of the client.
        used_at: When its last message came, or when it began, in seconds of a steady clock.
        release: Ends the session.
        has_drawn: Whether a message came.
    """

    address: str
    used_at: float
    release: Callable[[], None]
    has_drawn: bool = False

    def use(self, now: float) -> None:
        """A message came."""
        self.used_at, self.has_drawn = now, True

    def is_idle(self, now: float) -> bool:
        return now - self.used_at >= (IDLE_SECONDS if self.has_drawn else FIRST_SECONDS)


class Seats:
    """If all seats are taken, the address that holds most gives up one that never drew, or the longest idle."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._seats: set[Seat] = set()

    @property
    def taken(self) -> int:
        """Open sessions."""
        return len(self._seats)

    @contextmanager
    def taken_one(self, address: str, now: float, release: Callable[[], None]) -> Iterator[Seat]:
        """Take a seat, if need be an idle one.

        Args:
            address: Of the client.
            now: Seconds of a steady clock.
            release: Called when the seat is given to another client; ends the session.

        Raises:
            ServerBusy: None is free, and all are in use.
        """
        if self.taken >= self._most:
            self._release_one(address, now)
        seat = Seat(address, now, release)
        self._seats.add(seat)
        try:
            yield seat
        finally:
            self._seats.discard(seat)

    def _release_one(self, address: str, now: float) -> None:
        """Free a seat; raises ServerBusy if the address that would have most seats uses all of them."""
        held = Counter(seat.address for seat in self._seats)
        held[address] += 1
        most = max(held.values())
        idle = [seat for seat in self._seats if held[seat.address] == most and seat.is_idle(now)]
        if not idle:
            raise ServerBusy(
                f"{self.taken} live sessions are open, the most that this server allows; POST works without one.",
                retry_seconds=10,
            )
        longest = min(idle, key=lambda seat: (seat.has_drawn, seat.used_at))
        self._seats.discard(longest)
        longest.release()
