"""Decodes the tones of frame models, all of them in one batch."""

from __future__ import annotations

import numpy as np

from aitunes.features import FloatArray
from aitunes.release.motion import Motion
from aitunes.release.reader import Release
from instrument.namespace import CONCERT_PITCH
from instrument.synthesis.decoders import Controls, Decoder
from instrument.synthesis.directions import Directions
from instrument.synthesis.keys import Shift
from instrument.synthesis.moving_tones import MovingTones
from instrument.synthesis.performance import Performance
from instrument.synthesis.tones import DRONE_SLOT, SLOTS, Tone, plays_notes


class Polyphony:
    """Runs one decode a hop for all tones that have changed, and none while nothing changes.

    Args:
        release: a release of one frame a segment.
        motion: how its notes move; None for a release without.
    """

    def __init__(self, release: Release, motion: Motion | None = None) -> None:
        card = release.card
        self._decode = Decoder(release)
        self._slots = SLOTS if plays_notes(card) else 1
        self._silence = np.zeros(card.features.bands, np.float32)
        self._directions = Directions(card.latent)
        self._z: FloatArray | None = None
        # By slot: what it was decoded from, with the code `_z`; the frame; and its gain at the last hop.
        self._decoded: dict[int, tuple[Controls, Shift]] = {}
        self._frames: dict[int, FloatArray] = {}
        self._gains: dict[int, float] = {}
        moves = motion is not None and plays_notes(card)
        self._moving = MovingTones(release, self._decode, motion) if motion is not None and moves else None

    def frames(self, z: FloatArray, performance: Performance) -> dict[int, FloatArray]:
        """Return the magnitudes [bands] at the code z of each changed tone, by slot; silence if it has ended."""
        if self._moving is not None and performance.motion.amount > 0.0:
            frames = self._moving.frames(z, performance.tones, performance.motion)
            previous, self._gains = self._gains, {tone.slot: tone.gain for tone in performance.tones}
            self._decoded.clear()
            return frames | {slot: self._silence for slot in previous if slot not in self._gains}
        return self._still_frames(z, performance)

    def gain(self, slot: int) -> float:
        """Return what the samples of a tone are multiplied by: its envelope, and its level where it moves."""
        level = 1.0 if self._moving is None else self._moving.gain(slot)
        return level * self._gains.get(slot, 0.0)

    def prepare(self, z: FloatArray, performance: Performance) -> None:
        """Decode z for each possible number of tones, so that the first chord costs no more than later ones."""
        controls, _ = self._decode.controls(Tone(DRONE_SLOT, CONCERT_PITCH, 0.0, 0.0))
        for count in range(1, self._slots + 1):
            self._decode(z, [controls] * count)

    def take_failure(self) -> None:
        """Return None: nothing runs in the background."""

    def stop(self) -> None:
        """Interrupt a decode that is under way and make all later ones fail; from any thread."""
        self._decode.stop()

    def close(self) -> None:
        """Do nothing: nothing runs in the background."""

    def _still_frames(self, z: FloatArray, performance: Performance) -> dict[int, FloatArray]:
        if self._moving is not None:
            self._moving.hold_still()
        if self._z is None or not np.array_equal(z, self._z):
            self._z = z
            self._decoded.clear()
        stale: dict[int, tuple[Controls, Shift]] = {}
        gains: dict[int, float] = {}
        for tone in performance.tones:
            controls, gains[tone.slot] = self._decode.controls(tone)
            if self._decoded.get(tone.slot) != (controls, tone.shift):
                stale[tone.slot] = controls, tone.shift
        if stale:
            shifted = any(shift for _, shift in stale.values())
            codes = np.stack([self._directions.shifted(z, shift) for _, shift in stale.values()]) if shifted else z
            S = self._decode(codes, [controls for controls, _ in stale.values()])
            self._frames |= {slot: S[n, :, 0] for n, slot in enumerate(stale)}
            self._decoded |= stale
        previous, self._gains = self._gains, gains
        changed = {slot: self._frames[slot] for slot in gains if slot in stale or slot not in previous}
        return changed | {slot: self._silence for slot in previous if slot not in gains}
