"""What has arrived and when it is due: any thread posts, the synth's thread takes what its hop contains."""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from instrument.namespace import Kind, Value

MAX_HELD = 4_096


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
    def full(self) -> bool:
        """Whether no further event can be held for later."""
        return len(self._held) + len(self._arrivals) >= MAX_HELD

    def due(self, hop_start: float, hop_seconds: float) -> list[Event]:
        """Events for the hop that starts then; of settings of one path only the last; the synth's thread only."""
        events: list[Event] = []
        self._take_arrivals(events, hop_start, hop_seconds)
        while self._held and self._held[0][0] < hop_start + hop_seconds:
            events.extend(heapq.heappop(self._held)[2])
        return _coalesced(events) if len(events) > 1 else events

    def _take_arrivals(self, events: list[Event], hop_start: float, hop_seconds: float) -> None:
        while self._arrivals:
            time, group = self._arrivals.popleft()
            if group is None:
                self._held.clear()
            elif time is None or time < hop_start:
                # A time tag of a hop that is already rendered: now is the nearest that is left.
                if time is not None and time < hop_start - hop_seconds:
                    self.late_events += len(group)
                events.extend(group)
            elif len(self._held) >= MAX_HELD:
                self.refused_events += len(group)
            else:
                heapq.heappush(self._held, (time, next(self._order), group))


def _coalesced(events: list[Event]) -> list[Event]:
    last = {event.path: event for event in events if event.overwrites}
    return [event for event in events if not event.overwrites or last[event.path] is event]
