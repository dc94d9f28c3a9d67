"""Keeps who wants to hear of changes, and for how long; nobody can take all places."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass

from aitunes.osc.address import is_loopback
from instrument.namespace import MessageError
from instrument.osc.peers import Peer

__all__ = ["LEASE_SECONDS", "MAX_OF_ONE_HOST", "MAX_REMOTE", "MAX_SUBSCRIBERS", "MAX_UNPROVED", "Peer", "Subscribers"]

LEASE_SECONDS = 30.0
MAX_SUBSCRIBERS = 64
MAX_REMOTE = 32
"""Of other machines, all together."""
MAX_OF_ONE_HOST = 8
"""Of one other machine."""
MAX_UNPROVED = 40
"""Programs of this machine that have not proved their address."""


@dataclass(slots=True)
class _Lease:
    number: int
    end: float
    proved: bool


class Subscribers:
    """Keeps leases by address; any message from a subscriber renews its own.

    Args:
        clock: seconds that never go back.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._leases: dict[Peer, _Lease] = {}
        self._routes: dict[Peer, Peer] = {}
        self._next_number = 1
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._leases)

    def __contains__(self, peer: Peer) -> bool:
        return peer in self._leases

    def add(self, peer: Peer, proved: bool = True) -> int:
        """Subscribe, or renew; returns the subscriber's number.

        A program of this machine always gets a place; where there is none, the one of its kind that has been silent
        longest loses its own.

        Raises:
            MessageError: there are too many of that machine, or of other machines.
        """
        with self._lock:
            self._forget_ended()
            lease = self._leases.get(peer)
            if lease is None:
                self._make_room(peer, proved)
                lease = self._leases[peer] = _Lease(self._next_number, 0.0, proved)
                self._next_number += 1
            lease.proved = lease.proved or proved
            self._renew(peer, lease)
            return lease.number

    def remove(self, peer: Peer) -> int:
        """End a subscription; returns its number, 0 if there was none."""
        with self._lock:
            lease = self._leases.pop(peer, None)
            self._forget_routes()
            return lease.number if lease else 0

    def renew(self, peer: Peer, proved: bool = True) -> None:
        """Note that a message came from there, and whether its address is still proved.

        Where it is not, a program of this machine hears changes only, and another machine nothing more.
        """
        if peer in self._leases:
            with self._lock:
                lease = self._leases.get(peer)
                if lease is None:
                    return
                lease.proved = lease.proved and proved
                if proved or is_loopback(peer[0]):
                    self._renew(peer, lease)
                else:
                    self._drop(peer)

    def current(self, proved: bool = False) -> list[Peer]:
        """Return everyone whose lease has not ended, or only those who have proved their address."""
        with self._lock:
            self._forget_ended()
            return [peer for peer, lease in self._leases.items() if lease.proved or not proved]

    def route(self, sender: Peer, target: Peer) -> None:
        """Answer a sender at another port of its own from now on, as long as that port is subscribed."""
        with self._lock:
            if target in self._leases and len(self._routes) < 4 * MAX_SUBSCRIBERS:
                self._routes[sender] = target

    def target(self, sender: Peer) -> Peer:
        """Return where answers to a sender go."""
        return self._routes.get(sender, sender) if self._routes else sender

    def _renew(self, peer: Peer, lease: _Lease) -> None:
        lease.end = self._clock() + LEASE_SECONDS
        self._leases[peer] = self._leases.pop(peer)  # the last one is the one that was heard last

    def _make_room(self, peer: Peer, proved: bool) -> None:
        if not is_loopback(peer[0]):
            others = [other for other in self._leases if not is_loopback(other[0])]
            if sum(other[0] == peer[0] for other in others) >= MAX_OF_ONE_HOST:
                raise MessageError(f"there are {MAX_OF_ONE_HOST} subscribers of {peer[0]} already")
            if len(others) >= MAX_REMOTE or len(self._leases) >= MAX_SUBSCRIBERS:
                raise MessageError(f"there are {MAX_REMOTE} subscribers of other machines already")
            return
        local = [other for other in self._leases if is_loopback(other[0])]
        unproved = [other for other in local if not self._leases[other].proved]
        if not proved and len(unproved) >= MAX_UNPROVED:
            self._drop(unproved[0])
        elif len(self._leases) >= MAX_SUBSCRIBERS:
            self._drop((unproved or local)[0])

    def _drop(self, peer: Peer) -> None:
        del self._leases[peer]
        self._forget_routes()

    def _forget_ended(self) -> None:
        now = self._clock()
        ended = [peer for peer, lease in self._leases.items() if lease.end < now]
        for peer in ended:
            del self._leases[peer]
        if ended:
            self._forget_routes()

    def _forget_routes(self) -> None:
        if self._routes:
            self._routes = {sender: target for sender, target in self._routes.items() if target in self._leases}
