"""Bounds what one sender may cause: work, refusals, and answers that somebody else might get in its name.

Anybody can send a datagram with a false sender. What is sent back to that sender then reaches somebody who asked for
nothing, so answers to whoever has not proved its address are bounded in bytes, and work is bounded for everybody.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from aitunes.osc.address import is_loopback
from instrument.osc.peers import Peer, TcpPeer

MAX_SENDERS = 1_024
"""Remembered at once; the one that has been silent longest is forgotten first."""


@dataclass(frozen=True)
class Limit:
    """Allows `burst` units at once, and `rate` more a second."""

    burst: float
    rate: float


WORK = Limit(60_000.0, 60_000.0)
"""Units: 1 a message, 1 for each 64 bytes, and 1 for each address that a pattern is compared with."""
REFUSALS = Limit(20.0, 10.0)
LOCAL_BYTES = Limit(262_144.0, 65_536.0)
"""Answers to a program of this machine that has not proved its address."""
REMOTE_BYTES = Limit(4_096.0, 1_024.0)
"""Answers to another machine that has not proved its address, all its ports together."""
ALL_REMOTE_BYTES = Limit(65_536.0, 65_536.0)
_DATAGRAM_BYTES_A_UNIT = 64.0


class _Bucket:
    """Holds what is left of a limit."""

    __slots__ = ("_left", "_limit", "_since")

    def __init__(self, limit: Limit, now: float) -> None:
        self._limit, self._left, self._since = limit, limit.burst, now

    def take(self, amount: float, now: float) -> bool:
        """Take an amount where so much is left."""
        self._left = min(self._limit.burst, self._left + (now - self._since) * self._limit.rate)
        self._since = now
        if amount > self._left:
            return False
        self._left -= amount
        return True


class _Sender:
    __slots__ = ("answers", "refusals", "work")

    def __init__(self, local: bool, now: float) -> None:
        self.work = _Bucket(WORK, now)
        self.refusals = _Bucket(REFUSALS, now)
        self.answers = _Bucket(LOCAL_BYTES if local else REMOTE_BYTES, now)


class Senders:
    """Keeps the limits of those who have sent something lately.

    Another machine is one sender, whatever ports it uses. Programs of this machine and TCP connections are
    distinguished by their ports.

    Args:
        clock: seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()  # the receiving threads and the publishing one
        self._senders: OrderedDict[Peer | str, _Sender] = OrderedDict()
        self._all_remote = _Bucket(ALL_REMOTE_BYTES, clock())

    def __len__(self) -> int:
        return len(self._senders)

    def admit(self, peer: Peer, size: int) -> bool:
        """Take a datagram of so many bytes, or leave it unread because its sender has caused too much work."""
        return self.spend(peer, 1.0 + size / _DATAGRAM_BYTES_A_UNIT)

    def spend(self, peer: Peer, units: float) -> bool:
        """Account for work, or refuse it."""
        with self._lock:
            now = self._clock()
            return self._sender(peer, now).work.take(units, now)

    def may_refuse(self, peer: Peer) -> bool:
        """Tell whether a refusal may be sent, and count it."""
        with self._lock:
            now = self._clock()
            return self._sender(peer, now).refusals.take(1.0, now)

    def may_answer(self, peer: Peer, size: int) -> bool:
        """Tell whether so many bytes may go to somebody who has not proved its address, and count them."""
        with self._lock:
            now = self._clock()
            if not self._sender(peer, now).answers.take(size, now):
                return False
            return is_loopback(peer[0]) or self._all_remote.take(size, now)

    def _sender(self, peer: Peer, now: float) -> _Sender:
        local = is_loopback(peer[0])
        key: Peer | str = peer if local or isinstance(peer, TcpPeer) else peer[0]
        sender = self._senders.get(key)
        if sender is None:
            sender = self._senders[key] = _Sender(local, now)
            if len(self._senders) > MAX_SENDERS:
                self._senders.popitem(last=False)
        else:
            self._senders.move_to_end(key)
        return sender
