"""Follows the transport that JACK's programs share: whether it rolls, its tempo, and its place in the song."""

from __future__ import annotations

from instrument.midi.clock import BEAT, MAX_TEMPO, MIN_TEMPO, RUN, TEMPO
from instrument.midi.outbox import Outbox
from instrument.midi.ports import TransportPlace

_LEAP_BEATS = 0.02
_REMIND_SECONDS = 0.5
_TEMPO_STEP = 0.02
_MAX_BEAT = 1e6


class TransportFollower:
    """Sends the engine where the transport is, from the first time that it rolls.

    Wherever JACK runs there is a transport, and mostly nobody starts it: until somebody does, it says nothing.

    Args:
        outbox: takes what goes to the engine.

    Attributes:
        tempo: of the engine, beats a minute, which counts where no program counts bars.
    """

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self.tempo = 120.0
        self._rolling = self._followed = False
        self._beat = self._at = 0.0

    def take(self, place: TransportPlace) -> None:
        """Follow the transport, which is at a place."""
        self._followed = self._followed or place.rolling
        if not self._followed:
            return
        self._outbox.event_time = place.time
        if place.tempo is not None and abs(place.tempo - self.tempo) > _TEMPO_STEP:
            self.tempo = min(max(place.tempo, MIN_TEMPO), MAX_TEMPO)
            self._outbox.act(TEMPO, self.tempo)
        beat = place.seconds * self.tempo / 60.0 if place.beat is None else place.beat
        passed = place.time - self._at
        expected = self._beat + (passed * self.tempo / 60.0 if self._rolling else 0.0)
        turned = place.rolling is not self._rolling
        if turned:
            self._rolling = place.rolling
            self._outbox.act(RUN, place.rolling)
        reminds = place.rolling and passed > _REMIND_SECONDS
        if (turned or reminds or abs(beat - expected) > _LEAP_BEATS) and 0.0 <= beat <= _MAX_BEAT:
            self._beat, self._at = beat, place.time
            self._outbox.act(BEAT, beat)
