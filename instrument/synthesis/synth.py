"""The synth: due events, the latent glide, one or two voices, the output stage; one call renders one hop."""

from __future__ import annotations

import numpy as np

from aitunes.features import FloatArray
from instrument.synthesis.dynamics import OutputStage, equal_power_fade
from instrument.synthesis.performance import Performance
from instrument.synthesis.voice import Voice

SWAP_SECONDS = 0.12
"""Length of the cross-fade from one voice to the next."""


class Synth:
    """Renders the performance; live and offline alike.

    Args:
        voice: the first voice.
        performance: what the player has set.
        sample_rate: of the output, Hz; every voice renders at it.
    """

    def __init__(self, voice: Voice, performance: Performance, sample_rate: float) -> None:
        self.voice = voice
        self.performance = performance
        self.output = OutputStage(sample_rate)
        self._sample_rate = sample_rate
        self._outgoing: Voice | None = None
        self._outgoing_coordinates = np.zeros(0, np.float32)
        self._faded = 0.0
        self._sounded = False
        self._retired: list[Voice] = []

    @property
    def hop_seconds(self) -> float:
        """Time between two hops."""
        return self.voice.hop_seconds

    def change_voice(self, voice: Voice) -> None:
        """Cross-fade to another voice; one that is still fading out makes room at once."""
        if self._outgoing is not None:
            self._retired.append(self._outgoing)
        self._outgoing = self.voice
        self._outgoing_coordinates = self.performance.advance(0.0)
        self._faded = 0.0
        self.voice = voice

    def take_retired(self) -> list[Voice]:
        """Voices that sound no more, for their resources to be freed off the synth's thread."""
        retired, self._retired = self._retired, []
        return retired

    def render(self) -> FloatArray:
        """The next block at the output's rate, [samples] float32."""
        performance = self.performance
        self.voice.phase.iterations = performance.iterations
        coordinates = performance.advance(self.voice.hop_seconds)
        if not performance.playing and self.output.silent:
            return self._silence()
        self._sounded = True
        y = self.voice.render(coordinates, performance)
        if self._outgoing is not None:
            y = self._cross_fade(y, self._outgoing)
        return self.output.process(y, performance.gain_db, performance.playing)

    def _silence(self) -> FloatArray:
        if self._outgoing is not None:
            self._retired.append(self._outgoing)
            self._outgoing = None
        if self._sounded:
            self.voice.reset()
            self._sounded = False
        y = np.zeros(round(self.voice.hop_seconds * self._sample_rate), np.float32)
        return self.output.process(y, self.performance.gain_db, playing=False)

    def _cross_fade(self, y: FloatArray, outgoing: Voice) -> FloatArray:
        step = 1.0 / (SWAP_SECONDS * self._sample_rate)
        old, new = equal_power_fade(len(y), self._faded, step)
        y = y * new + outgoing.read(len(y), self._outgoing_coordinates, self.performance) * old
        self._faded += step * len(y)
        if self._faded >= 1.0:
            self._retired.append(outgoing)
            self._outgoing = None
        return y
