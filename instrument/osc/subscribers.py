"""Who wants to hear of changes, and for how long."""

from __future__ import annotations

import threading
from collections.abc import Callable

from instrument.namespace import MessageError
from instrument.osc.tcp import TcpPeer

Peer = tuple[str, int] | TcpPeer

LEASE_SECONDS = 30.0
MAX_SUBSCRIBERS = 64


class Subscribers:
    """Leases by address; any message from a subscriber renews its own.

    Args:
        clock: seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._ends: dict[Peer, float] = {}
        self._ids: dict[Peer, int] = {}
        self._next_id = 1
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._ends)

    def add(self, peer: Peer) -> int:
        """Subscribe, or renew; the subscriber's number.

        Raises:
            MessageError: there are too many.
        """
        with self._lock:
            self._forget_ended()
            if peer not in self._ends:
                if len(self._ends) >= MAX_SUBSCRIBERS:
                    raise MessageError(f"there are {MAX_SUBSCRIBERS} subscribers already")
                self._ids[peer] = self._next_id
                self._next_id += 1
            self._ends[peer] = self._clock() + LEASE_SECONDS
            return self._ids[peer]

    def remove(self, peer: Peer) -> int:
        """End a subscription; its number, 0 if there was none."""
        with self._lock:
            self._ends.pop(peer, None)
            return self._ids.pop(peer, 0)

    def renew(self, peer: Peer) -> None:
        """A message came from there."""
        if peer in self._ends:
            with self._lock:
                if peer in self._ends:
                    self._ends[peer] = self._clock() + LEASE_SECONDS

    def current(self) -> list[Peer]:
        """Everyone whose lease has not ended; the others are forgotten."""
        with self._lock:
            self._forget_ended()
            return list(self._ends)

    def _forget_ended(self) -> None:
        now = self._clock()
        for peer in [peer for peer, end in self._ends.items() if end < now]:
            del self._ends[peer], self._ids[peer]
