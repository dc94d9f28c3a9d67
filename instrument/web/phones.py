"""Pairs phones: a token that is shown once on this machine becomes a phone's session, until it is forgotten."""

from __future__ import annotations

import hmac
import secrets
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from instrument.web.problems import ProblemError

PAIRING_SECONDS = 600
"""How long a code can be scanned."""
MAX_PHONES = 32
_MAX_CODES = 32
_TOKEN_BYTES = 16
_MAX_TRIES = 5
_MAX_ALL_TRIES = 30
_TRIES_SECONDS = 60.0
_MAX_HOSTS = 256
_MAX_NAME = 40

Address = tuple[str, int]


@dataclass
class Phone:
    """Describes a paired phone.

    Args:
        id: by which it can be forgotten.
        name: as it calls itself.
        address: its host.
        token: of its session.
        since: when it was paired.
        connections: how to end those that it has at this moment.
    """

    id: str
    name: str
    address: str
    token: str
    since: str
    connections: set[Callable[[], None]] = field(default_factory=set)


class Phones:
    """Keeps codes and paired phones in memory; they end with the process.

    Args:
        clock: seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._codes: dict[str, float] = {}
        self._phones: dict[str, Phone] = {}
        self._tries: dict[str, deque[float]] = {}
        self._all_tries: deque[float] = deque()
        self._number = 0
        self.door: Address | None = None

    def is_door(self, server: Address) -> bool:
        """Tell whether this is the address that is open for phones."""
        return self.door is not None and server == self.door

    def offer(self) -> str:
        """Return a new code, which one phone can use once."""
        now = self._clock()
        self._codes = {code: end for code, end in self._codes.items() if end > now}
        if len(self._codes) >= _MAX_CODES:
            del self._codes[next(iter(self._codes))]
        code = secrets.token_hex(_TOKEN_BYTES)
        self._codes[code] = now + PAIRING_SECONDS
        return code

    def pair(self, code: str, name: str, host: str) -> Phone:
        """Take a code and return the phone that it has paired.

        Raises:
            ProblemError: the code is wrong, used or old, or there are too many tries or phones.
        """
        self._count_try(host)
        now = self._clock()
        found = next((known for known in self._codes if hmac.compare_digest(known.encode(), code.encode())), None)
        if found is None or self._codes.pop(found) <= now:
            raise ProblemError(403, "This code is used, old or wrong; show a new one with `aitunes phone` and scan it.")
        if len(self._phones) >= MAX_PHONES:
            raise ProblemError(403, f"There are {MAX_PHONES} phones already; forget one first.")
        self._number += 1
        plain = "".join(letter for letter in name[:_MAX_NAME] if letter.isprintable()).strip()
        phone = Phone(
            f"p{self._number}",
            plain or f"Phone {self._number}",
            host,
            secrets.token_hex(_TOKEN_BYTES),
            datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        )
        self._phones[phone.token] = phone
        return phone

    def knows(self, token: str) -> bool:
        """Tell whether a session is that of a paired phone."""
        return token in self._phones

    def of(self, token: str) -> Phone | None:
        """Return the phone of a session."""
        return self._phones.get(token)

    @property
    def all(self) -> list[Phone]:
        """Return the paired phones, the first one first."""
        return list(self._phones.values())

    def forget(self, phone_id: str) -> None:
        """End a phone's session and its connections.

        Raises:
            ProblemError: there is none of that name.
        """
        phone = next((phone for phone in self._phones.values() if phone.id == phone_id), None)
        if phone is None:
            raise ProblemError(404, "There is no such phone; it may have been forgotten already.")
        del self._phones[phone.token]
        for end in list(phone.connections):
            end()

    def forget_all(self) -> None:
        """End all sessions, and refuse the codes that are out."""
        self._codes.clear()
        for phone in self.all:
            self.forget(phone.id)

    def _count_try(self, host: str) -> None:
        now = self._clock()
        for tries in (self._all_tries, *self._tries.values()):
            while tries and tries[0] < now - _TRIES_SECONDS:
                tries.popleft()
        self._tries = {known: tries for known, tries in self._tries.items() if tries}
        mine = self._tries.setdefault(host, deque()) if len(self._tries) < _MAX_HOSTS else self._all_tries
        if len(mine) >= _MAX_TRIES or len(self._all_tries) >= _MAX_ALL_TRIES:
            raise ProblemError(429, "Too many tries; wait a minute and scan a new code.", int(_TRIES_SECONDS))
        mine.append(now)
        if mine is not self._all_tries:
            self._all_tries.append(now)
