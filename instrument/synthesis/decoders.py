"""A release's decoder, fed with a code and what its tones sound like; and what the renderer wants of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from aitunes.features import FloatArray
from aitunes.release.card import TensorSpec
from aitunes.release.reader import Release
from instrument.synthesis.performance import Performance
from instrument.synthesis.voice_allocator import Tone

Controls = tuple[float, ...]
"""What a decoder is fed beside the code: pitch and level, those of them that it takes."""


class FrameSource(Protocol):
    """Gives the renderer the next spectrogram frame of every tone."""

    def frames(self, z: FloatArray, performance: Performance) -> dict[int, FloatArray]:
        """Magnitudes [bands] for the code z [latent_dim] by the tone's slot; only those that have changed."""

    def prepare(self, z: FloatArray, performance: Performance) -> None:
        """Decode z now, on the caller's thread, and raise what that raises."""

    def take_failure(self) -> Exception | None:
        """What a decode in the background raised since the last call."""

    def close(self) -> None:
        """End what runs in the background."""


class Decoder:
    """Runs a release's decoder on one code for any number of tones at once; inputs it does not know say nothing.

    Args:
        release: a verified release.
    """

    def __init__(self, release: Release) -> None:
        card = release.card
        code, *others = card.inputs
        self._run = release.decoder.run
        self._features = card.features
        self._code = code.name
        self._known = [spec for name in ("pitch", "level") for spec in others if spec.name == name]
        self._others = [spec for spec in others if spec not in self._known]
        self._outputs = [card.output.name]

    def controls(self, tone: Tone) -> tuple[Controls, float]:
        """What the decoder is fed for a tone, clipped to what it takes, and the gain that is left to apply."""
        rest_db = tone.level_db
        fed = []
        for spec in self._known:
            low, high = spec.range
            value = min(max(tone.pitch if spec.name == "pitch" else tone.level_db, low), high)
            rest_db -= value if spec.name == "level" else 0.0
            fed.append(value)
        return tuple(fed), tone.gain * 10.0 ** (rest_db / 20.0)

    def __call__(self, z: FloatArray, controls: Sequence[Controls]) -> FloatArray:
        """z [latent_dim] → magnitudes [len(controls), bands, frames]; what is not finite becomes silence."""
        count = len(controls)
        inputs = {self._code: np.repeat(z[None], count, axis=0)}
        for n, spec in enumerate(self._known):
            inputs[spec.name] = np.array([[fed[n]] for fed in controls], np.float32)
        inputs |= {spec.name: _neutral(spec, count) for spec in self._others}
        (S,) = self._run(self._outputs, inputs)
        magnitudes = self._features.denormalise(S)
        return np.nan_to_num(magnitudes, copy=False, nan=0.0, posinf=0.0)


def _neutral(spec: TensorSpec, count: int) -> FloatArray:
    value = spec.neutral()
    return np.repeat(value, count, axis=0) if spec.shape and isinstance(spec.shape[0], str) else value
