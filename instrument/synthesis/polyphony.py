"""Frame models: any number of tones, decoded together and mixed as magnitudes before one phase reconstruction."""

from __future__ import annotations

import numpy as np

from aitunes.features import FloatArray
from aitunes.release.reader import Release
from instrument.synthesis.decoders import Controls, Decoder
from instrument.synthesis.notes import CONCERT_PITCH, DRONE_SLOT, SLOTS, Tone
from instrument.synthesis.performance import Performance


class Polyphony:
    """One decode a hop for all tones that have changed, and none while they rest.

    Partials of different tones have no common phase, so their powers add: the mix is the root of the sum of the
    squared magnitudes. docs/decisions/0005-voices.md compares it with a phase reconstruction for each tone.

    Args:
        release: a release of one frame a patch.
    """

    def __init__(self, release: Release) -> None:
        bands = release.card.features.bands
        self._decode = Decoder(release)
        self._z: FloatArray | None = None
        self._decoded: dict[int, Controls] = {}  # what each slot's power was decoded from, with the code `_z`
        self._power = np.zeros((SLOTS, bands), np.float32)
        self._gains: dict[int, float] = {}
        self._mix = np.zeros(bands, np.float32)

    def frame(self, z: FloatArray, performance: Performance) -> FloatArray | None:
        """Magnitudes [bands] of all tones at the code z; None where nothing has changed."""
        if self._z is None or not np.array_equal(z, self._z):
            self._z = z
            self._decoded.clear()
        stale: dict[int, Controls] = {}
        gains: dict[int, float] = {}
        for tone in performance.tones:
            controls, gains[tone.slot] = self._decode.controls(tone)
            if self._decoded.get(tone.slot) != controls:
                stale[tone.slot] = controls
        if not stale and gains == self._gains:
            return None
        self._refresh(z, stale)
        self._gains = gains
        return self._mixed(gains)

    def prepare(self, z: FloatArray, performance: Performance) -> None:
        """Decode z for every number of tones there can be, so that a first chord costs no more than later ones."""
        controls, _ = self._decode.controls(Tone(DRONE_SLOT, CONCERT_PITCH, 0.0, 0.0))
        for count in range(1, SLOTS + 1):
            self._decode(z, [controls] * count)

    def take_failure(self) -> None:
        """Nothing runs in the background."""

    def close(self) -> None:
        """Nothing runs in the background."""

    def _refresh(self, z: FloatArray, stale: dict[int, Controls]) -> None:
        if stale:
            S = self._decode(z, list(stale.values()))[:, :, 0]
            self._power[list(stale)] = S * S
            self._decoded |= stale

    def _mixed(self, gains: dict[int, float]) -> FloatArray:
        slots = list(gains)
        weights = np.array([gain * gain for gain in gains.values()], np.float32)
        np.dot(weights, self._power[slots], out=self._mix)
        return np.sqrt(self._mix, out=self._mix)
