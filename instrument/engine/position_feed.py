"""Notifies subscribers of the latent position in every form that a fader may be bound to."""

from __future__ import annotations

import time
from collections.abc import Callable

from instrument.engine.publisher import Publisher
from instrument.namespace import ROOT, Value
from instrument.osc.subscribers import Peer
from instrument.synthesis.performance import Performance

REST_SECONDS = 0.1
"""Sets how long the position must be at rest before also the one who moved it is notified, and how often the others."""
_PAD, _LATENT = f"{ROOT}/pad/", f"{ROOT}/latent"


class PositionFeed:
    """Derives `/pad/xy`, `/pad/x`, `/pad/y`, `/latent/N` and `/latent` from each other.

    The one who moves the position hears nothing of it before it is at rest, so that no fader jumps back under a hand.

    Args:
        performance: returns the performance; the synth's thread replaces its position, and never changes one.
        publisher: sends.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        performance: Callable[[], Performance],
        publisher: Publisher,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._performance = performance
        self._publisher = publisher
        self._clock = clock
        self._sent: dict[str, tuple[Value, ...]] = self._rows()
        # What others have heard of the position since it rested: it may have come back to where it was.
        self._heard: set[str] = set()
        # By the thread that changes the position: who did, when, and how often; the last one is written last.
        self._author: Peer | None = None
        self._changed = 0.0
        self._changes = self._handled = 0
        self._moving, self._due = False, 0.0

    def note(self, path: str, author: Peer | None) -> None:
        """Note a change to an address; on the synth's thread."""
        if path.startswith((_PAD, _LATENT)):
            self._heard.add(path)
            self.note_change(author)

    def note_change(self, author: Peer | None) -> None:
        """Note that the position, or the axes of the pad, have changed; on the synth's thread."""
        self._author, self._changed = author, self._clock()
        self._changes += 1

    def publish(self) -> None:
        """Notify of what has changed; called every few milliseconds by the publishing thread."""
        changes, now = self._changes, self._clock()
        if changes == self._handled:
            return
        author = self._author
        at_rest = now - self._changed >= REST_SECONDS
        if not self._moving:
            self._moving, self._due = True, now + REST_SECONDS
        if at_rest or (author is not None and now >= self._due):
            self._due = now + REST_SECONDS
            self._send(None if at_rest else author, everything=at_rest)
            if at_rest:
                self._handled, self._moving = changes, False

    def _send(self, author: Peer | None, everything: bool) -> None:
        rows = self._rows()
        if not everything:
            self._publisher.notify(author, _LATENT, rows[_LATENT])
            return
        heard, self._heard = self._heard, set()
        for path, values in rows.items():
            if path == _LATENT or path in heard or values != self._sent.get(path):
                self._publisher.notify(author, path, values)
        self._sent = rows

    def _rows(self) -> dict[str, tuple[Value, ...]]:
        performance = self._performance()
        coordinates = performance.value(_LATENT)
        rows: dict[str, tuple[Value, ...]] = {}
        if performance.point.on_pad:
            (x, y) = performance.point.pad
            rows = {f"{_PAD}xy": (x, y), f"{_PAD}x": (x,), f"{_PAD}y": (y,)}
        rows |= {f"{_LATENT}/{n}": (value,) for n, value in enumerate(coordinates)}
        # The last one is what counts for a program that follows them all: it is exact, and whole.
        return rows | {_LATENT: coordinates}
