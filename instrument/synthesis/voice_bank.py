"""Turns the frames of all tones into samples, in one call a hop."""

from __future__ import annotations

from collections.abc import Sequence

import numba
import numpy as np
from numpy.typing import NDArray

from aitunes.audio_processing.griffin_lim import GriffinLimBank
from aitunes.audio_processing.mel_inversion import MelInversion
from aitunes.features import AudioFeatures, FloatArray
from instrument.synthesis.stereo import spread


class VoiceBank:
    """Inverts mel bands, where a release has them, and reconstructs the phases of each tone.

    Args:
        features: of the release.
        lookahead: frames that a hop waits for.
        slots: how many tones there may be; each has noise of its own, or their noise would add up.

    Attributes:
        iterations: of each tone in the last hop.
    """

    def __init__(self, features: AudioFeatures, lookahead: int, slots: int) -> None:
        hop = features.hop_length
        self._phases = GriffinLimBank(features.n_fft, hop, lookahead, range(1, 1 + slots))
        self._inversion = MelInversion(features) if features.scale == "mel" else None
        self._magnitudes = np.zeros((1, slots, features.bins), np.float32)
        self._frame = np.zeros(features.bands, np.float32)
        self._left = np.zeros_like(self._magnitudes)  # what notes that begin take the place of
        self._y = np.zeros((1, slots, hop), np.float32)
        self._y_left = np.zeros_like(self._y)
        self._mix = np.zeros((hop, 2), np.float32)
        # A frame is heard for as many hops as windows overlap, and the look-ahead later.
        self._memory_hops = features.n_fft // hop + lookahead
        self._silent_hops = [self._memory_hops] * slots
        self._gains = np.ones((2, slots), np.float32)  # of the last hop and of this one
        self._sides = np.array([spread(slot) for slot in range(slots)], np.float32)
        self._struck, self._rested = np.zeros((2, slots), np.bool_)
        self._rise = (np.sin(0.5 * np.pi * np.arange(1, hop + 1) / hop) ** 2).astype(np.float32)
        self.iterations = 0

    @property
    def sounding(self) -> list[int]:
        """Return the slots whose tones have not faded out completely; the others' hops need not be rendered."""
        return [slot for slot, hops in enumerate(self._silent_hops) if hops < self._memory_hops]

    def strike(self, slot: int) -> None:
        """Let the next hop begin a note: it sounds at once, and what sounded before fades out within that hop."""
        self._struck[slot], self._rested[slot] = True, self._rests(slot)
        self._left[0, slot] = self._magnitudes[0, slot]

    def set_frame(self, slot: int, frame: FloatArray) -> None:
        """Set the frame [bands] that sounds until the next one; one that follows silence begins a note."""
        self._frame[:] = frame  # compiled code is for one kind of array
        sounds = not _is_silent(self._frame)
        if sounds and self._rests(slot) and not self._struck[slot]:
            self.strike(slot)
        if self._inversion is None:
            self._magnitudes[0, slot] = self._frame
        else:
            self._inversion.process(self._frame[None], out=self._magnitudes[:, slot])
        if sounds:
            self._silent_hops[slot] = -1
        elif self._silent_hops[slot] < 0:
            self._silent_hops[slot] = 0

    def render(self, iterations: int, gains: Sequence[float]) -> FloatArray:
        """Render the next hop of mid and side, [hop_length, 2]; the array is reused by the call after it.

        Mid is the sum of the tones, side their sum weighted by their positions in the stereo image.

        Args:
            iterations: of each tone.
            gains: of the samples of each of the `sounding` tones, which reach them at the end of the hop.
        """
        sounding = self.sounding
        self.iterations = iterations
        for slot, gain in zip(sounding, gains, strict=True):
            self._gains[1, slot] = gain
            if self._struck[slot]:
                self._begin(slot, iterations)
            if self._silent_hops[slot] >= 0:
                self._silent_hops[slot] += 1
        which = np.array(sounding, np.int64)
        self._phases.advance(self._magnitudes, self._y, which, iterations)
        _mix(self._y[0], self._y_left[0], which, self._struck, self._gains, self._rise, self._sides, self._mix)
        return self._mix

    def reset(self) -> None:
        """Clear the sound so far; the frames stay."""
        for slot in self.sounding:
            self._phases.reset(slot)
            if self._silent_hops[slot] >= 0:
                self._silent_hops[slot] = self._memory_hops
            self._struck[slot] = self._rested[slot] = True

    def _rests(self, slot: int) -> bool:
        return self._silent_hops[slot] >= self._memory_hops

    def _begin(self, slot: int, iterations: int) -> None:
        """Bring a tone to the beginning of a note, and render what sounded before once more."""
        if self._rested[slot]:
            self._y_left[0, slot] = 0.0
        else:
            self._phases.advance(self._left, self._y_left, np.array([slot]), iterations)
        self._phases.prime(self._magnitudes[0], slot)


@numba.njit(nogil=True, cache=True, fastmath=True)  # type: ignore[misc, unused-ignore]
def _mix(
    y: FloatArray,
    left: FloatArray,
    which: NDArray[np.int64],
    struck: NDArray[np.bool_],
    gains: FloatArray,
    rise: FloatArray,
    sides: FloatArray,
    mix: FloatArray,
) -> None:
    """Add up tones [slots, hop] as mid and side [hop, 2]; struck ones rise over what is left of those before.

    Then none is struck any more, and the gains of this hop are those of the last one.
    """
    hop = rise.size
    step = np.float32(1.0 / hop)
    mix[:] = np.float32(0.0)
    for slot in which:
        before, after, side = gains[0, slot], gains[1, slot], sides[slot]
        for n in range(hop):
            if struck[slot]:
                value = y[slot, n] * after * rise[n] + left[slot, n] * before * (np.float32(1.0) - rise[n])
            else:
                value = y[slot, n] * (before + (after - before) * step * np.float32(n + 1))
            mix[n, 0] += value
            mix[n, 1] += side * value
        gains[0, slot], struck[slot] = after, False


@numba.njit(nogil=True, cache=True)  # type: ignore[misc, unused-ignore]
def _is_silent(frame: FloatArray) -> bool:
    for value in frame:  # noqa: SIM110 - numba knows no `all`
        if value != 0.0:
            return False
    return True
