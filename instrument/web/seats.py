"""Shares out WebSockets and messages, so that no visitor takes those of all others."""

from __future__ import annotations

import contextlib
import time
from collections import Counter
from collections.abc import Callable, Iterator

from instrument.web.visitors import Role, Visitor

MAX_MESSAGES = 4_000
"""A second, of one socket of this machine; of all sockets together of one phone or of another machine."""
_OF_THIS_MACHINE = (Role.PROGRAM, Role.LOCAL)


class Allowance:
    """Allows `rate` messages a second, and as many at once.

    Args:
        clock: seconds that never go back.
        rate: messages a second.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, rate: float = MAX_MESSAGES) -> None:
        self._clock, self._rate = clock, rate
        self._left, self._since = rate, clock()

    def affords(self, count: int) -> bool:
        """Take so many where they are left."""
        now = self._clock()
        self._left = min(self._rate, self._left + (now - self._since) * self._rate)
        self._since = now
        if count > self._left:
            return False
        self._left -= count
        return True


class Seats:
    """Counts sockets. Programs and pages of this machine share what others leave, which they always do.

    Args:
        most: sockets at once.
        most_elsewhere: of those who are not this machine's programs and pages, all together.
        most_of_one: of one phone, or of one other machine.
        clock: seconds that never go back.
    """

    def __init__(
        self, most: int, most_elsewhere: int, most_of_one: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._most_elsewhere, self._most_of_one = most, most_elsewhere, most_of_one
        self._clock = clock
        self._count = 0
        self._elsewhere: Counter[str] = Counter()
        self._allowances: dict[str, Allowance] = {}

    @contextlib.contextmanager
    def hold(self, visitor: Visitor) -> Iterator[Allowance | None]:
        """Yield the messages that a socket may send; None where there is no place for it."""
        here, who = visitor.role in _OF_THIS_MACHINE, visitor.key
        others = self._elsewhere
        if self._count >= self._most or (
            not here and (others[who] >= self._most_of_one or others.total() >= self._most_elsewhere)
        ):
            yield None
            return
        self._count += 1
        if not here:
            others[who] += 1
        try:
            yield Allowance(self._clock) if here else self._allowances.setdefault(who, Allowance(self._clock))
        finally:
            self._count -= 1
            if not here:
                others[who] -= 1
                if not others[who]:
                    del others[who], self._allowances[who]
