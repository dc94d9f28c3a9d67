"""Orders events by time: any thread posts them, and the synth's thread takes those that are due at each hop."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections import Counter, deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass
from time import monotonic
from typing import Any

from instrument.namespace import ROOT, Kind, MessageError, Value

MAX_HELD = 4_096
"""Limits the events of one sender that are held, and those of all other machines together: none keeps others out."""
MAX_HELD_OF_ALL = 4 * MAX_HELD
MAX_AHEAD_SECONDS = 30.0
"""Limits how far ahead of its arrival an event may be held."""
MAX_DUE = 256
"""Limits the events of one hop; the rest waits for the next hop, and a bundle is never split."""
_RUN_SECONDS = 2.0
_POLL_SECONDS = 0.05
_OF_ONE_NOTE = frozenset({f"{ROOT}/voice/bend", f"{ROOT}/voice/pressure", f"{ROOT}/voice/timbre"})
"""Lists the actions that set a value of the note whose identity they name."""
_NOTES = _OF_ONE_NOTE | {f"{ROOT}/note", f"{ROOT}/notes/off"}
"""Lists the actions on notes, which keep their order: they are heard sooner than other changes."""
_ORDERED = frozenset({f"{ROOT}/smoothing", f"{ROOT}/pad/axes", f"{ROOT}/portamento"})
"""Lists the settings that change how others apply, so events may not be moved across them."""


@dataclass(frozen=True, slots=True)
class Event:
    """Describes a change or a question that applies at a hop.

    Args:
        path: the OSC address.
        kind: how to treat it.
        values: checked arguments; None asks for the value.
        origin: who sent it, for replies; None is the engine itself.
        arrived: when, in seconds of the engine's clock.
        clipped: the sender asked for other values, which the address does not take.
    """

    path: str
    kind: Kind
    values: tuple[Value, ...] | None = None
    origin: Any = None
    arrived: float = 0.0
    clipped: bool = False

    @property
    def overwrites(self) -> str | tuple[str, Value] | None:
        """Return what a later event must share to replace this one; None where none replaces it."""
        if self.values is None:
            return None
        if self.path in _OF_ONE_NOTE:
            return self.path, self.values[0]
        return self.path if self.kind is Kind.SETTING else None

    @property
    def asks(self) -> bool:
        """Return whether it changes nothing and waits for an answer."""
        return self.values is None or self.kind in (Kind.REQUEST, Kind.SERVER)

    @property
    def is_note(self) -> bool:
        """Return whether it begins, shapes or ends a note."""
        return self.path in _NOTES


@dataclass(frozen=True, slots=True)
class Call:
    """Runs a function on the synth's thread, in its order among the events.

    Args:
        function: what to run; it must not raise.
        arrived: as of an event.
    """

    function: Callable[[], None]
    arrived: float = 0.0

    @property
    def is_note(self) -> bool:
        """Return False: it is no note."""
        return False


Item = Event | Call


class Timeline:
    """Keeps events in order of time, without locks, because `deque` appends and pops atomically."""

    def __init__(self) -> None:
        self._arrivals: deque[tuple[float | None, list[Item] | None, Hashable]] = deque()
        self._held: list[tuple[float, int, list[Item], Hashable]] = []
        self._held_events = 0
        self._ready: deque[list[Item]] = deque()
        self.ready_events = 0
        # Written by one thread each: the one that posts for later, and the synth's.
        self._posted_events = self._taken_events = 0
        # By the thread that posts; what is held no more, the synth's thread leaves in the queue.
        self._held_of: Counter[Hashable] = Counter()
        self._let_go: deque[tuple[Hashable, int]] = deque()
        self._order = itertools.count()
        self._applying = False
        self.late_events = 0

    def post(self, events: Sequence[Item], time: float | None = None, sender: Hashable = None) -> bool:
        """Add events that apply together: at the next hop from any thread, or at a time from the receiving thread only.

        Args:
            events: what to add.
            time: when it is to be heard.
            sender: who has room of its own for what is held for later; None is the engine itself.

        Returns:
            Whether there was room; `MAX_HELD` events of a sender may be held for later, and as many of all may wait for
            the next hops.
        """
        if len(events) > (MAX_HELD - self.ready_events if time is None else self.room(sender)):
            return False
        if time is not None:
            self._posted_events += len(events)
            self._held_of[sender] += len(events)
        self._arrivals.append((time, list(events), sender))
        return True

    def run(self, function: Callable[[], None], ended: threading.Event) -> None:
        """Run a function at the next hop and return when it has run; from any thread but the synth's.

        Args:
            function: what to run.
            ended: set when no hop will follow.

        Raises:
            MessageError: it has not begun to run, and never will.
            Exception: what the function raised.
        """
        ran: Future[None] = Future()

        def run() -> None:
            if not ran.set_running_or_notify_cancel():
                return
            try:
                function()
            except Exception as error:  # noqa: BLE001  raised in the caller's thread instead; the sound goes on
                ran.set_exception(error)
            else:
                ran.set_result(None)

        self._arrivals.append((None, [Call(run)], None))
        deadline = monotonic() + _RUN_SECONDS
        while not wait([ran], timeout=_POLL_SECONDS).done:
            if (ended.is_set() or monotonic() > deadline) and ran.cancel():
                raise MessageError("the engine is ending" if ended.is_set() else "the sound does not move on")
        ran.result()

    @property
    def is_idle(self) -> bool:
        """Return whether all that was posted for the next hop has been applied; from any thread.

        What is held for later does not count.
        """
        # In this order: a hop says that it applies events before it takes them.
        return not self._arrivals and not self.ready_events and not self._applying

    def end_hop(self) -> None:
        """Take note that the events of `due` have been applied; synth's thread only."""
        self._applying = False

    def clear(self) -> None:
        """Drop the events that are held for later; from any thread."""
        self._arrivals.append((None, None, None))

    @property
    def held_events(self) -> int:
        """Count the events that are held for later."""
        return self._held_events + (self._posted_events - self._taken_events)

    def room(self, sender: Hashable = None) -> int:
        """Count the further events of a sender that can be held for later; from the receiving thread only."""
        while self._let_go:
            former, gone = self._let_go.popleft()
            self._held_of[former] -= gone
            if not self._held_of[former]:
                del self._held_of[former]
        return min(MAX_HELD - self._held_of[sender], MAX_HELD_OF_ALL - self.held_events)

    def due(self, heard: float, hop_seconds: float, note_lead: float = 0.0) -> list[Item]:
        """Take the events of a hop, without settings that later ones overwrite; synth's thread only.

        An event with a time tag is held until the hop whose changes are heard nearest to it, at most half a hop early
        or late. One in the past applies now. It counts as late if it was more than a hop in the past on arrival, so
        that its time could not be met; one that arrived just too late for its hop does not count.

        Args:
            heard: when the changes of this hop will be heard, in seconds of the clock of the time tags.
            hop_seconds: time between two hops.
            note_lead: how much sooner than other changes a note is heard; a bundle with one waits as long.

        `end_hop` follows when they have been applied.
        """
        self._applying = True
        self._take_arrivals(heard, hop_seconds, note_lead)
        while self._held and self._held[0][0] < heard + 0.5 * hop_seconds:
            _, _, group, sender = heapq.heappop(self._held)
            self._held_events -= len(group)
            self._let_go.append((sender, len(group)))
            self._make_ready(group)
        events: list[Item] = []
        while self._ready:
            if events and len(events) + len(self._ready[0]) > MAX_DUE:
                events = coalesced(events)
                # Coalescing again only below half of the limit makes sure that it is worth its time.
                if len(events) > MAX_DUE // 2 or len(events) + len(self._ready[0]) > MAX_DUE:
                    return events
            group = self._ready.popleft()
            self.ready_events -= len(group)
            events.extend(group)
        return coalesced(events) if len(events) > 1 else events

    def _make_ready(self, group: list[Item]) -> None:
        self._ready.append(group)
        self.ready_events += len(group)

    def _take_arrivals(self, heard: float, hop_seconds: float, note_lead: float) -> None:
        while self._arrivals:
            time, group, sender = self._arrivals.popleft()
            if group is None:
                for _, _, dropped, author in self._held:
                    self._let_go.append((author, len(dropped)))
                self._held.clear()
                self._held_events = 0
                continue
            if time is None:
                self._make_ready(group)
                continue
            self._taken_events += len(group)
            due = time + note_lead if any(item.is_note for item in group) else time
            if due < heard:
                if time < group[0].arrived - hop_seconds:
                    self.late_events += len(group)
                self._let_go.append((sender, len(group)))
                self._make_ready(group)
            else:
                heapq.heappush(self._held, (due, next(self._order), group, sender))
                self._held_events += len(group)


def coalesced(events: list[Item]) -> list[Item]:
    """Return the events without those settings that a later one overwrites before anything depends on them."""
    kept: list[Item] = []
    overwritten: set[str | tuple[str, Value]] = set()
    for event in reversed(events):
        path = event.overwrites if isinstance(event, Event) else None
        if path in overwritten:
            continue
        if path is None or path in _ORDERED:
            # It may depend on everything before it, or ask for its value.
            overwritten.clear()
        else:
            overwritten -= _ORDERED
        if path is not None:
            overwritten.add(path)
        kept.append(event)
    return kept[::-1]
