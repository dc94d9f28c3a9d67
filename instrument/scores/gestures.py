"""Gestures on the synth's thread: what arrives is recorded, what was recorded is replayed, both by the hop."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice

from aitunes.errors import AiTunesError
from instrument.namespace import ROOT, Address, Kind, Value
from instrument.scores.score import END, ScoreLine
from instrument.synthesis.performance import Performance
from instrument.synthesis.timeline import Event, Timeline
from instrument.synthesis.transport import Transport

RECORD, PLAY, STOP = f"{ROOT}/gesture/record", f"{ROOT}/gesture/play", END
NOTHING: tuple[Value, ...] = ("", 0, 1.0)
"""What `PLAY` tells while nothing is replayed."""
MAX_EVENTS = 100_000
"""Of one gesture; what arrives after them is not recorded."""
_MIN_SECONDS = 0.05
_MAX_AT_ONCE = 512
_AT_ONCE_SECONDS = 0.02
NOTE = f"{ROOT}/note"
_AXES = f"{ROOT}/pad/axes"
_OF_THE_CLOCK = frozenset({f"{ROOT}/tempo", f"{ROOT}/beat", f"{ROOT}/beat/run", f"{ROOT}/gesture/quantise"})
"""Lists what no gesture records: a clock sends it, and a replay would send it once more."""


class GestureError(AiTunesError):
    """A gesture that cannot be recorded, kept or replayed, and why."""


@dataclass
class Take:
    """A gesture as it is being recorded.

    Args:
        name: to keep it under.
        release: that it belongs to; what arrives for another one is left out.
        before: the value of every setting as the recording began.
        events: seconds from the beginning, address, values.
        seconds: its length, once it has ended.
    """

    name: str
    release: str
    before: Mapping[str, tuple[Value, ...]]
    events: list[tuple[float, str, tuple[Value, ...]]] = field(default_factory=list)
    seconds: float = 0.0

    def score(self) -> str:
        """Return the gesture as a score, which begins where the settings that it moves stood."""
        moved = {path for _, path, _ in self.events}
        # What the pad's position means depends on its axes, so they come first.
        before = sorted(moved & self.before.keys(), key=lambda path: (path != _AXES, path))
        lines = [(0.0, path, self.before[path]) for path in before]
        lines += [*self.events, (self.seconds, END, ())]
        return "\n".join([head_line(self.release), *(score_line(*line) for line in lines), ""])


def head_line(release: str) -> str:
    """Return the comment that begins a gesture's score."""
    return f"# A gesture for the release {release}; `aitunes render` takes it as it is."


def score_line(seconds: float, path: str, values: tuple[Value, ...]) -> str:
    """Return a line of a score."""
    return " ".join([f"{seconds:.4f}", path, *(_word(value) for value in values)])


def _word(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return shlex.quote(value) if isinstance(value, str) else f"{value:.9g}"


class Replay:
    """A gesture that plays.

    Args:
        name: of the gesture.
        lines: of its score, in order of time.
        loop: begin again at the end.
        speed: 1 as recorded.

    Raises:
        GestureError: it would change more at once than the sound can carry.
    """

    def __init__(self, name: str, lines: list[ScoreLine], loop: bool, speed: float) -> None:
        for first, last in zip(lines, islice(lines, _MAX_AT_ONCE, None), strict=False):
            if last.seconds - first.seconds < _AT_ONCE_SECONDS * speed:
                raise GestureError(f"the gesture {name} changes more than {_MAX_AT_ONCE} values at {first.seconds:g} s")
        self.name, self.loop, self.speed = name, loop, speed
        self.seconds = max(lines[-1].seconds if lines else 0.0, _MIN_SECONDS)
        self._lines = [line for line in lines if line.event.path != END]
        self._next = 0
        self._place = 0.0
        self._grid: tuple[float, float] | None = None  # the beat on which it begins, and its length in beats
        self._sounding: dict[tuple[Value, ...], Event] = {}  # by key and identity

    @property
    def ended(self) -> bool:
        """Return whether all has been played."""
        return self._place >= self.seconds

    def on_grid(self, transport: Transport) -> None:
        """Begin on the next line of the transport's grid, and take a whole number of its steps, where it has a grid."""
        if (grid := transport.quantise_beats) > 0.0:
            self._grid = transport.next_line(grid), transport.whole_beats(self.seconds / self.speed, grid)

    def advance(self, seconds: float, beat: float = 0.0) -> list[Event]:
        """Return the events of the next so many seconds of sound; on a grid, those up to the beat."""
        self._place += seconds * self.speed if self._grid is None else self._step(beat)
        due = self._up_to(self._place)
        if self.loop and self.ended:
            self._place %= self.seconds
            self._next = 0
            due += [*self.let_go(), *self._up_to(self._place)]
        return due

    def _step(self, beat: float) -> float:
        """Return how far to go to be where the beat is; nothing while that lies behind, after a small correction."""
        assert self._grid is not None
        begin, beats = self._grid
        if beat < begin and begin - beat <= beats:
            return 0.0
        whole = (beat - begin) / beats
        if not self.loop:
            return max(0.0, min(whole, 1.0) * self.seconds - self._place)
        ahead = (whole % 1.0 - self._place / self.seconds) % 1.0
        return ahead * self.seconds if ahead < 0.5 else 0.0

    def let_go(self) -> list[Event]:
        """Ends of the notes that were begun and not ended, so that none sounds on for ever."""
        ends = [replace(event, values=(note, 0, *rest)) for (note, *rest), event in self._sounding.items()]
        self._sounding.clear()
        return ends

    def _up_to(self, place: float) -> list[Event]:
        first = self._next
        while self._next < len(self._lines) and self._lines[self._next].seconds < place:
            self._next += 1
        due = [line.event for line in self._lines[first : self._next]]
        for event in due:
            if event.path == NOTE and event.values:
                note = (event.values[0], *event.values[2:])
                self._sounding.pop(note, None)
                if event.values[1]:
                    self._sounding[note] = event
        return due


class Gestures:
    """Records and replays; every method belongs to the synth's thread.

    Args:
        timeline: takes the events that are replayed.
        announce: tells everybody of a gesture that has come to its end.
    """

    def __init__(self, timeline: Timeline, announce: Callable[[str, tuple[Value, ...]], None]) -> None:
        self._timeline = timeline
        self._announce = announce
        self._now = self._begun = 0.0
        self._take: Take | None = None
        self._replay: Replay | None = None

    @property
    def values(self) -> dict[str, tuple[Value, ...]]:
        """Return what is being recorded and replayed, by the address that asks for it."""
        replay = self._replay
        return {
            RECORD: (self._take.name if self._take else "",),
            PLAY: (replay.name, int(replay.loop), replay.speed) if replay else NOTHING,
        }

    def advance(self, seconds: float, transport: Transport) -> None:
        """Put the events that are replayed within the next hop on the timeline."""
        self._now += seconds
        if self._replay is None:
            return
        for event in self._replay.advance(seconds, transport.beat):
            self._timeline.post([event])
        if self._replay.ended:
            self.stop()
            self._announce(PLAY, NOTHING)

    def hear(self, event: Event, performance: Performance) -> None:
        """Record what arrived, if a recording runs; what the engine does by itself is none of it."""
        take = self._take
        if event.path in _OF_THE_CLOCK:
            return
        if take and event.arrived and performance.release == take.release and len(take.events) < MAX_EVENTS:
            take.events.append((self._now - self._begun, event.path, event.values or ()))

    def begin(self, name: str, performance: Performance, rows: Mapping[str, Address]) -> Take | None:
        """Record from this hop on; None where a recording runs already."""
        if self._take is not None:
            return None
        settings = [path for path, row in rows.items() if row.kind is Kind.SETTING]
        self._take = Take(name, performance.release, {path: performance.value(path) for path in settings})
        self._begun = self._now
        return self._take

    def end(self) -> Take | None:
        """Return the gesture that was being recorded until this hop, if one was."""
        take, self._take = self._take, None
        if take is not None:
            take.seconds = self._now - self._begun
        return take

    def abandon(self, take: Take) -> None:
        """Forget a gesture that cannot be kept."""
        if self._take is take:
            self._take = None

    def play(self, replay: Replay, transport: Transport) -> None:
        """Replay from the next hop on, or the next line of the grid, in place of what is being replayed."""
        self.stop()
        replay.on_grid(transport)
        self._replay = replay

    def stop(self) -> bool:
        """End the replay; whether there was one."""
        replay, self._replay = self._replay, None
        if replay is None:
            return False
        self._timeline.post(replay.let_go())
        return True
