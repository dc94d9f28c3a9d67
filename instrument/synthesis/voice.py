"""Turns the frames of one tone into samples."""

from __future__ import annotations

import numpy as np

from aitunes.audio_processing.griffin_lim import StreamingGriffinLim
from aitunes.audio_processing.mel_inversion import MelInversion
from aitunes.features import AudioFeatures, FloatArray


class Voice:
    """Inverts mel bands, where a release has them, and reconstructs the phases of one tone.

    Args:
        features: of the release.
        lookahead: frames that a hop waits for.
        slot: of the tone; it seeds the noise, which must differ between tones, or their noise would add up.
    """

    def __init__(self, features: AudioFeatures, lookahead: int, slot: int) -> None:
        self._phase = StreamingGriffinLim(features.n_fft, features.hop_length, lookahead=lookahead, seed=1 + slot)
        self._inversion = MelInversion(features) if features.scale == "mel" else None
        self._magnitudes = np.zeros((1, features.bins), np.float32)
        self._hop = np.zeros(features.hop_length, np.float32)
        # A frame is heard for as many hops as windows overlap, and the look-ahead later.
        self._memory_hops = features.n_fft // features.hop_length + lookahead
        self._silent_hops = self._memory_hops
        self._gain = 1.0
        self._struck, self._rested = False, True
        self._left = np.zeros_like(self._magnitudes)  # what a note that begins takes the place of
        share = np.arange(1, features.hop_length + 1) / features.hop_length
        self._share = share.astype(np.float32)
        self._rise = (np.sin(0.5 * np.pi * share) ** 2).astype(np.float32)

    @property
    def resting(self) -> bool:
        """Return whether the tone has faded out completely, so that its hops need not be rendered."""
        return self._silent_hops >= self._memory_hops

    @property
    def iterations(self) -> int:
        """Return the iterations of the last hop."""
        return self._phase.iterations

    def strike(self) -> None:
        """Let the next hop begin a note: it sounds at once, and what sounded before fades out within that hop."""
        self._struck, self._rested = True, self.resting
        self._left[:] = self._magnitudes

    def set_frame(self, frame: FloatArray) -> None:
        """Set the frame [bands] that sounds until the next one; one that follows silence begins a note."""
        if self.resting and not self._struck and frame.any():
            self.strike()
        if self._inversion is None:
            self._magnitudes[0] = frame
        else:
            self._inversion.process(frame[None], out=self._magnitudes)
        if frame.any():
            self._silent_hops = -1
        elif self._silent_hops < 0:
            self._silent_hops = 0

    def render(self, iterations: int, gain: float = 1.0) -> FloatArray:
        """Render the next hop, [hop_length]; the array is reused by the call after it.

        Args:
            gain: of the samples, which reach it at the end of the hop.
        """
        if self._silent_hops >= 0:
            self._silent_hops += 1
        self._phase.iterations = iterations
        if self._struck:
            return self._begin(gain)
        y = self._phase.process(self._magnitudes, out=self._hop)
        before, self._gain = self._gain, gain
        if before != 1.0 or gain != 1.0:
            y *= np.float32(before) + np.float32(gain - before) * self._share
        return y

    def _begin(self, gain: float) -> FloatArray:
        """Render the first hop of a note, over the end of what sounded before."""
        fall = np.float32(self._gain) * (1.0 - self._rise)
        left = np.float32(0.0) if self._rested else self._phase.process(self._left) * fall
        self._struck, self._gain = False, gain
        self._phase.prime(self._magnitudes[0])
        y = self._phase.process(self._magnitudes, out=self._hop)
        y *= np.float32(gain) * self._rise
        y += left
        return y

    def reset(self) -> None:
        """Clear the sound so far; the frame stays."""
        self._phase.reset()
        if self._silent_hops >= 0:
            self._silent_hops = self._memory_hops
        self._struck = self._rested = True
