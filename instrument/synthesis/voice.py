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

    @property
    def resting(self) -> bool:
        """Return whether the tone has faded out completely, so that its hops need not be rendered."""
        return self._silent_hops >= self._memory_hops

    @property
    def iterations(self) -> int:
        """Return the iterations of the last hop."""
        return self._phase.iterations

    def set_frame(self, frame: FloatArray) -> None:
        """Set the frame [bands] that sounds until the next one."""
        if self._inversion is None:
            self._magnitudes[0] = frame
        else:
            self._inversion.process(frame[None], out=self._magnitudes)
        if frame.any():
            self._silent_hops = -1
        elif self._silent_hops < 0:
            self._silent_hops = 0

    def render(self, iterations: int) -> FloatArray:
        """Render the next hop, [hop_length]; the array is reused by the call after it."""
        if self._silent_hops >= 0:
            self._silent_hops += 1
        self._phase.iterations = iterations
        return self._phase.process(self._magnitudes, out=self._hop)

    def reset(self) -> None:
        """Clear the sound so far; the frame stays."""
        self._phase.reset()
        if self._silent_hops >= 0:
            self._silent_hops = self._memory_hops
