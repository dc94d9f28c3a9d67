"""Follows MIDI clock: a steady tempo and the position of the beat from ticks that arrive early and late."""

from __future__ import annotations

from instrument.midi.messages import Message, RealTime, SongPosition
from instrument.midi.outbox import Outbox
from instrument.namespace import ROOT

TICKS = 24
"""Counts the ticks of a quarter note."""
TEMPO, BEAT, RUN = f"{ROOT}/tempo", f"{ROOT}/beat", f"{ROOT}/beat/run"
_TICKS_A_SIXTEENTH = 6
MIN_TEMPO, MAX_TEMPO = 20.0, 300.0
_SILENT_SECONDS = 1.0
_MEMORY = 512
"""Limits how many ticks the loop remembers: the more, the steadier, and the slower to follow."""
_JUMP_SECONDS, _DRIFT_SECONDS = 0.012, 0.0022
"""Set which single error, and which mean of the last two dozen, is a change of tempo and no jitter."""
_AFTER_CHANGE = 8
_TEMPO_SECONDS, _TEMPO_STEP = 0.2, 0.02
_LOCKED_TICKS = 12


class TickFilter:
    """Filters the times of ticks: a delay-locked loop that begins wide, to lock within some ticks, and narrows.

    Its gains are those of the least-squares line through all ticks so far; from `_MEMORY` ticks on they stay.
    With the n-th tick after the first one, `e` seconds from where it was expected, the line's end moves by
    `2 (2n + 1) / ((n + 1) (n + 2)) e` and its slope by `6 / ((n + 1) (n + 2)) e`.

    Reference:
        Adriaensen, "Using a DLL to filter time", Linux Audio Conference 2005; Brookner, *Tracking and Kalman
        Filtering Made Easy*, 1998, section 1.2.10, for the gains.
    """

    def __init__(self) -> None:
        self.period = 60.0 / (120.0 * TICKS)
        self._expected = 0.0
        self._mean_error = 0.0
        self._last = 0.0
        self.count = 0
        self.missed = 0

    def observe(self, time: float) -> float:
        """Take the time of a tick and return when it should have come, both in seconds.

        `missed` says how many ticks before it were lost.
        """
        silent, self._last = time - self._last, time
        self.missed = 0
        if self.count == 0 or silent > _SILENT_SECONDS or silent < 0.0:
            self.count, self._mean_error = 1, 0.0
            self._expected = time + self.period
            return time
        error = time - self._expected
        if self.count > _LOCKED_TICKS and error > 0.6 * self.period and error > _JUMP_SECONDS:
            self.missed = round(error / self.period)
            error -= self.missed * self.period
            self._expected += self.missed * self.period
        self._mean_error += (error - self._mean_error) / 24.0
        if self.count > _AFTER_CHANGE and (abs(error) > _JUMP_SECONDS or abs(self._mean_error) > _DRIFT_SECONDS):
            self.count, self._mean_error = _AFTER_CHANGE, 0.0
        n = self.count
        steps = (n + 1.0) * (n + 2.0)
        filtered = self._expected + 2.0 * (2.0 * n + 1.0) / steps * error
        self.period = max(self.period + 6.0 / steps * error, 60.0 / (2.0 * MAX_TEMPO * TICKS))
        self._expected = filtered + self.period
        self.count = min(n + 1, _MEMORY)
        return filtered

    @property
    def tempo(self) -> float:
        """Return beats a minute."""
        return 60.0 / (self.period * TICKS)


class ClockFollower:
    """Sends the engine the tempo and the beats of a clock; the first input that ticks is followed until it is silent.

    Args:
        outbox: takes what goes to the engine.
    """

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._ticks = TickFilter()
        self._port, self._heard = "", -1e9
        self._running = False
        self._tick = 0
        self._sent_tempo, self._sent_at = 0.0, -1e9

    def take(self, port: str, message: Message, time: float) -> bool:
        """Follow a message; return whether it belongs to a clock.

        Args:
            port: name of the input.
            message: that came from it.
            time: when, in seconds of `time.time`.
        """
        if not isinstance(message, SongPosition) and message not in _OF_A_CLOCK:
            return False
        if port != self._port:
            if time - self._heard < _SILENT_SECONDS:
                return True
            self._port, self._ticks, self._running = port, TickFilter(), False
        self._heard = time
        match message:
            case RealTime.CLOCK:
                self._count(self._ticks.observe(time), time)
            case RealTime.START:
                self._run(0)
            case RealTime.CONTINUE:
                self._run(self._tick)
            case RealTime.STOP:
                self._running = False
                self._outbox.act(RUN, False)
            case SongPosition(sixteenths):
                self._tick = sixteenths * _TICKS_A_SIXTEENTH
                self._outbox.act(BEAT, self._tick / TICKS)
        return True

    def _run(self, tick: int) -> None:
        self._running, self._tick = True, tick
        self._outbox.act(RUN, True)
        self._outbox.act(BEAT, tick / TICKS)

    def _count(self, filtered: float, now: float) -> None:
        tempo = min(max(self._ticks.tempo, MIN_TEMPO), MAX_TEMPO)
        changed = abs(tempo - self._sent_tempo) > _TEMPO_STEP and now - self._sent_at > _TEMPO_SECONDS
        if changed and self._ticks.count >= _LOCKED_TICKS:
            self._sent_tempo, self._sent_at = tempo, now
            self._outbox.stream(TEMPO, tempo)
        if self._running:
            self._tick += self._ticks.missed
            if self._tick % TICKS == 0:
                before, self._outbox.event_time = self._outbox.event_time, filtered
                self._outbox.act(BEAT, self._tick / TICKS)
                self._outbox.event_time = before
            self._tick += 1


_OF_A_CLOCK = (RealTime.CLOCK, RealTime.START, RealTime.CONTINUE, RealTime.STOP)


class ClockSource:
    """Says when to send ticks of a clock of our own, at the engine's tempo."""

    def __init__(self) -> None:
        self.tempo = 120.0
        self._next: float | None = None

    def due(self, now: float) -> int:
        """Return how many ticks are due, at most two dozen: a process that was held up does not catch up for ever.

        Args:
            now: seconds that never go back.
        """
        if self._next is None or now - self._next > _SILENT_SECONDS:
            self._next = now
        count, period = 0, 60.0 / (self.tempo * TICKS)
        while self._next <= now and count < TICKS:
            self._next += period
            count += 1
        return count

    def wait_seconds(self, now: float) -> float:
        """Return the time until the next tick."""
        return 0.0 if self._next is None else max(0.0, self._next - now)
