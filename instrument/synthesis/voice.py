"""Turns the frames of one tone into samples."""

from __future__ import annotations

from collections import deque

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
        # A gain belongs to the centre of its frame, which is rendered half a window after the frame's first sample.
        self._gain_hops = features.n_fft // features.hop_length // 2 + lookahead
        self._gains: deque[float] = deque()
        self._gain = 1.0
        self._share = (np.arange(1, features.hop_length + 1) / features.hop_length).astype(np.float32)

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
            if self.resting:
                self._gains.clear()
            self._silent_hops = -1
        elif self._silent_hops < 0:
            self._silent_hops = 0

    def render(self, iterations: int, gain: float = 1.0) -> FloatArray:
        """Render the next hop, [hop_length]; the array is reused by the call after it.

        Args:
            gain: of the frame that was set; it reaches the samples with the frame's centre, sharper than its window.
        """
        if self._silent_hops >= 0:
            self._silent_hops += 1
        self._phase.iterations = iterations
        y = self._phase.process(self._magnitudes, out=self._hop)
        if not self._gains:
            self._gain = 1.0 if gain == 1.0 else 0.0
            self._gains.extend([self._gain] * self._gain_hops)
        self._gains.append(gain)
        before, self._gain = self._gain, self._gains.popleft()
        if before != 1.0 or self._gain != 1.0:
            y *= np.float32(before) + np.float32(self._gain - before) * self._share
        return y

    def reset(self) -> None:
        """Clear the sound so far; the frame stays."""
        self._phase.reset()
        if self._silent_hops >= 0:
            self._silent_hops = self._memory_hops
        self._gains.clear()
