"""One release sounding: code → mel frame → linear magnitudes → samples → the output's rate."""

from __future__ import annotations

import numpy as np
import soxr

from aitunes.audio_processing.griffin_lim import StreamingGriffinLim
from aitunes.audio_processing.mel_inversion import MelInversion
from aitunes.features import FloatArray
from aitunes.release.reader import Release
from instrument.synthesis.decoders import source_for
from instrument.synthesis.performance import Performance

DEFAULT_ITERATIONS = 4
"""Refinements a hop; docs/decisions/0001-phase-reconstruction.md says why."""

# soxr's LQ: 0.48 ms at 44.1 → 48 kHz, a steady number of samples a hop; MQ and better deliver in bursts of
# 20 ms (docs/decisions/0002-resampler.md).
_RESAMPLER_QUALITY = "LQ"


class Voice:
    """Renders a release hop by hop at the output's sample rate.

    Args:
        release: a verified release.
        output_rate: Hz.
        iterations, lookahead: phase reconstruction effort.
        background: decode patch models on a thread of their own.
    """

    def __init__(
        self, release: Release, output_rate: float, iterations: int, lookahead: int = 0, background: bool = True
    ) -> None:
        card = release.card
        features = card.features
        self.release = release
        self.hop_seconds = features.hop_length / features.sample_rate
        self.lookahead = lookahead
        self.phase = StreamingGriffinLim(features.n_fft, features.hop_length, iterations, lookahead)
        self.inversion = MelInversion(features)
        self.source = source_for(release, background)
        self.resampler = Resampler(features.sample_rate, output_rate)
        self._magnitudes = np.zeros((1, features.bins), np.float32)
        self._hop = np.zeros(features.hop_length, np.float32)
        self._pending = np.zeros(0, np.float32)
        self._mean = np.asarray(card.latent.mean, np.float32)
        self._principal = (np.sqrt(card.latent.variance)[:, None] * np.asarray(card.latent.axes)).astype(np.float32)
        centre = features.n_fft / 2 + self.phase.delay
        self.latency_seconds = centre / features.sample_rate + self.resampler.delay_seconds

    def code(self, coordinates: FloatArray) -> FloatArray:
        """Coordinates in standard deviations to the latent code z, both [latent_dim]."""
        z: FloatArray = self._mean + coordinates @ self._principal
        return z

    def render(self, coordinates: FloatArray, performance: Performance) -> FloatArray:
        """The next hop at the output's rate, [samples]; the number varies by one when the rates differ."""
        if len(self._pending):
            pending, self._pending = self._pending, self._pending[:0]
            return pending
        mel = self.source.frame(self.code(coordinates), performance)
        if mel is not None:
            self.inversion.process(mel[None], out=self._magnitudes)
        self.phase.process(self._magnitudes, out=self._hop)
        return self.resampler.process(self._hop)

    def read(self, length: int, coordinates: FloatArray, performance: Performance) -> FloatArray:
        """Exactly that many samples; what a hop holds beyond them is kept for the next call."""
        blocks, count = [], 0
        while count < length:
            blocks.append(self.render(coordinates, performance))
            count += len(blocks[-1])
        y = np.concatenate(blocks)
        self._pending = y[length:]
        return y[:length]

    def reset(self) -> None:
        """Forget the sound so far, for a fresh start after silence."""
        self.phase.reset()
        self._pending = self._pending[:0]

    def close(self) -> None:
        """End what runs in the background."""
        self.source.close()


class Resampler:
    """Streams from a release's rate to the output's, or passes samples through when they agree."""

    def __init__(self, source_rate: float, output_rate: float) -> None:
        self.delay_seconds = 0.0
        self._stream: soxr.ResampleStream | None = None
        if source_rate != output_rate:
            self._stream = soxr.ResampleStream(source_rate, output_rate, 1, dtype="float32", quality=_RESAMPLER_QUALITY)
            self.delay_seconds = _measured_delay(source_rate, output_rate)

    def process(self, y: FloatArray) -> FloatArray:
        """[samples] at the source's rate → [about samples · output_rate / source_rate]."""
        return y.copy() if self._stream is None else self._stream.resample_chunk(y)


def _measured_delay(source_rate: float, output_rate: float) -> float:
    # soxr corrects its filter's delay by holding samples back: what is missing after a second is the delay.
    stream = soxr.ResampleStream(source_rate, output_rate, 1, dtype="float32", quality=_RESAMPLER_QUALITY)
    received = sum(len(stream.resample_chunk(np.zeros(256, np.float32))) for _ in range(64))
    return 64 * 256 / source_rate - received / output_rate
