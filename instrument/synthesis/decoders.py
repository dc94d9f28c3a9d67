"""Runs a release's decoder on a latent code and the tones' pitch and level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np

from aitunes.audio_processing.harmonic_comb import HarmonicComb
from aitunes.features import FloatArray
from aitunes.release.card import TOLERANCE, TensorSpec
from aitunes.release.reader import Release
from aitunes.release.runtime import load_runtime
from instrument.synthesis.performance import Performance
from instrument.synthesis.tones import Tone

Controls = tuple[float, ...]
"""Holds a decoder's inputs beside the code: pitch, level, or both, as the decoder takes them."""


class FrameSource(Protocol):
    """Supplies the renderer with the next spectrogram frame of every tone."""

    def frames(self, z: FloatArray, performance: Performance) -> dict[int, FloatArray]:
        """Return magnitudes [bands] for the code z [latent_dim], by the tone's slot; only those that have changed."""

    def gain(self, slot: int) -> float:
        """Return what the samples of a tone are multiplied by."""

    def prepare(self, z: FloatArray, performance: Performance) -> None:
        """Decode z now, on the caller's thread; raises the decoder's own errors."""

    def take_failure(self) -> Exception | None:
        """Return the exception of a background decode since the last call, if there was one."""

    def stop(self) -> None:
        """Interrupt a decode that is under way and make all later ones fail; from any thread."""

    def close(self) -> None:
        """End background threads."""


class Decoder:
    """Runs a release's decoder on one code for any number of tones; unknown inputs get their neutral values.

    Args:
        release: a verified release.
    """

    def __init__(self, release: Release) -> None:
        card = release.card
        code, *others = card.inputs
        self._run = release.decoder.run
        self._options = load_runtime().RunOptions()  # imported with the first release, not with the module
        self._features = card.features
        self._output = card.output
        self._code = code.name
        self._known = [spec for name in ("pitch", "level") for spec in others if spec.name == name]
        self._others = [spec for spec in others if spec not in self._known]
        self._outputs = [card.output.name]
        self._comb: HarmonicComb | None = None
        if (drawing := release.drawing) is not None:
            self._run, self._outputs = drawing.session.run, [drawing.session.get_outputs()[0].name]
            self._comb = HarmonicComb(card.features, drawing.points, drawing.harmonics)

    def controls(self, tone: Tone) -> tuple[Controls, float]:
        """Return the decoder's inputs for a tone, clipped to their ranges, and the gain that is left to apply."""
        rest_db = tone.level_db
        values = []
        for spec in self._known:
            low, high = spec.range
            value = min(max(tone.pitch if spec.name == "pitch" else tone.level_db, low), high)
            rest_db -= value if spec.name == "level" else 0.0
            values.append(value)
        return tuple(values), tone.gain * 10.0 ** (rest_db / 20.0)

    def stop(self) -> None:
        """Interrupt a decode that is under way and make all later ones fail; from any thread."""
        self._options.terminate = True

    def __call__(self, z: FloatArray, controls: Sequence[Controls]) -> FloatArray:
        """Decode codes to magnitudes [len(controls), bands, frames]; values that are not finite become 0.

        A trial cannot find every code at which a network answers with something else than its card says.

        Args:
            z: one code for all [latent_dim], or one for each [len(controls), latent_dim].
            controls: the other inputs of each.

        Raises:
            ValueError: the network answers in another shape or type.
        """
        count = len(controls)
        inputs = {self._code: np.repeat(z[None], count, axis=0) if z.ndim == 1 else z}
        for n, spec in enumerate(self._known):
            inputs[spec.name] = np.array([[values[n]] for values in controls], np.float32)
        inputs |= {spec.name: _neutral(spec, count) for spec in self._others}
        (S,) = self._run(self._outputs, inputs, self._options)
        if self._comb is not None:
            return self._comb.magnitudes(S, inputs["pitch"], inputs["level"])
        shape = count, self._features.bands, self._features.frames
        if getattr(S, "shape", ()) != shape or S.dtype != np.float32:
            raise ValueError(f"its decoder answers with something else than {list(shape)} numbers of type float32")
        low, high = self._output.range
        slack = TOLERANCE * (high - low)
        magnitudes = self._features.denormalise(np.clip(S, low - slack, high + slack))
        if not np.isfinite(magnitudes.sum()):  # one look at all of them costs a tenth of mending each
            np.nan_to_num(magnitudes, copy=False, nan=0.0, posinf=0.0)
        return magnitudes


def _neutral(spec: TensorSpec, count: int) -> FloatArray:
    value = spec.neutral()
    return np.repeat(value, count, axis=0) if spec.shape and isinstance(spec.shape[0], str) else value
