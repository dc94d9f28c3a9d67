"""What has arrived and when it is due: any thread posts, the synth's thread takes what its hop contains."""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from instrument.namespace import ROOT, Kind, Value

MAX_HELD = 4_096
_ORDERED = frozenset({f"{ROOT}/glide", f"{ROOT}/pad/axes"})
"""Settings that say how others apply, so that what stands before and after them must stay there."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something to do at a hop.

    Args:
        path: the OSC address, or a name for `call`.
        kind: how to treat it.
        values: checked arguments; None asks for the value.
        origin: who sent it, for replies; None is the engine itself.
        arrived: when, in seconds of the engine's clock.
        call: run this on the synth's thread instead.
    """

    path: str
    kind: Kind
    values: tuple[Value, ...] | None = None
    origin: Any = None
    arrived: float = 0.0
    call: Callable[[], None] | None = None

    @property
    def overwrites(self) -> bool:
        """Whether a later event of the same path makes this one pointless."""
        return self.kind is Kind.SETTING and self.values is not None


class Timeline:
    """Events in order of their time; no locks, because `deque` hands over atomically."""

    def __init__(self) -> None:
        self._arrivals: deque[tuple[float | None, list[Event] | None]] = deque()
        self._held: list[tuple[float, int, list[Event]]] = []
        self._held_events = 0
        self._order = itertools.count()
        self.late_events = 0
        self.refused_events = 0

    def post(self, events: list[Event], time: float | None = None) -> None:
        """Add events that apply together, at once or at a time; from any thread."""
        self._arrivals.append((time, events))

    def clear(self) -> None:
        """Forget the events that are held for later; from any thread."""
        self._arrivals.append((None, None))

    @property
    def room(self) -> int:
        """How many further events can be held for later."""
        return max(0, MAX_HELD - self._held_events - len(self._arrivals))

    def due(self, hop_start: float, hop_seconds: float) -> list[Event]:
        """Events for the hop that starts then, without settings that the next ones overwrite; synth's thread only."""
        events: list[Event] = []
        self._take_arrivals(events, hop_start, hop_seconds)
        while self._held and self._held[0][0] < hop_start + hop_seconds:
            group = heapq.heappop(self._held)[2]
            self._held_events -= len(group)
            events.extend(group)
        return _coalesced(events) if len(events) > 1 else events

    def _take_arrivals(self, events: list[Event], hop_start: float, hop_seconds: float) -> None:
        while self._arrivals:
            time, group = self._arrivals.popleft()
            if group is None:
                self._held.clear()
                self._held_events = 0
            elif time is None or time < hop_start:
                # A time tag of a hop that is already rendered: now is the nearest that is left.
                if time is not None and time < hop_start - hop_seconds:
                    self.late_events += len(group)
                events.extend(group)
            elif self._held_events + len(group) > MAX_HELD:
                self.refused_events += len(group)
            else:
                heapq.heappush(self._held, (time, next(self._order), group))
                self._held_events += len(group)


def _coalesced(events: list[Event]) -> list[Event]:
    kept: list[Event] = []
    overwritten: set[str] = set()
    for event in reversed(events):
        if event.overwrites and event.path in overwritten:
            continue
        if event.path in _ORDERED or not event.overwrites:
            # It may depend on, or be a question about, all that stands before it.
            overwritten.clear()
        else:
            overwritten -= _ORDERED
        if event.overwrites:
            overwritten.add(event.path)
        kept.append(event)
    return kept[::-1]
