"""Trains on spectrogram segments, and makes the model's output audible."""

from __future__ import annotations

import numpy as np
import torch

from aitunes.audio_processing.reconstruction import sound_of_frames
from aitunes.errors import TrainingError
from aitunes.experiments.autoencoder_experiment import AutoencoderExperiment
from aitunes.experiments.optimisation import Optimisation
from aitunes.features import AudioFeatures, FloatArray
from aitunes.modules.base import Autoencoder
from aitunes.modules.objective import WeightedLoss


class SpectrogramBasedAutoencoderExperiment(AutoencoderExperiment):
    """Trains an autoencoder on normalised segments [batch, bands, frames].

    Args:
        model: of segments of that shape.
        loss: what it is trained to make small.
        optimisation: the optimiser.
        features: how audio becomes a segment.

    Raises:
        TrainingError: the model's segments are of another shape.
    """

    def __init__(
        self, model: Autoencoder, loss: WeightedLoss, optimisation: Optimisation, features: AudioFeatures
    ) -> None:
        super().__init__(model, loss, optimisation)
        expected = (features.bands, features.frames)
        if model.input_shape != expected:
            raise TrainingError(f"The model takes segments of shape {model.input_shape}, the features give {expected}.")
        self.features = features

    @torch.no_grad()
    def sample_audio(
        self, n: int, duration: float, generator: torch.Generator | None = None, codes: torch.Tensor | None = None
    ) -> list[FloatArray]:
        """Make sounds of codes drawn from the model's prior, through the phase reconstruction of the instrument.

        Each sound is as many segments in a row as it takes, each of a code of its own.

        Args:
            n: how many sounds.
            duration: of each, seconds.
            generator: of the codes.
            codes: instead of drawn ones, [n * segments, latent_dim].

        Returns:
            n waveforms, each [round(duration * sample_rate)] float32.

        Raises:
            TrainingError: no sounds, no duration, or codes that are too few.
        """
        if n < 1 or not duration > 0.0:
            raise TrainingError(f"One sound at least, of some duration, is needed, not {n} of {duration} s.")
        samples = round(duration * self.features.sample_rate)
        frames = -(-samples // self.features.hop_length)
        segments = -(-frames // self.features.frames)
        if codes is None:
            codes = self.model.sample_codes(n * segments, generator)
        if codes.shape != (n * segments, self.model.latent_dim):
            raise TrainingError(
                f"{n} sounds of {duration:g} s take codes of shape {[n * segments, self.model.latent_dim]}, not "
                f"{list(codes.shape)}."
            )
        was_training = self.model.training
        S = self.model.eval().decode(codes).cpu().numpy()
        self.model.train(was_training)
        return [self._render(np.concatenate(list(part), axis=1), samples) for part in np.split(S, n)]

    def _render(self, S: FloatArray, samples: int) -> FloatArray:
        """Render frames [bands, frames] as sound, [samples]."""
        y = sound_of_frames(S, self.features)
        return np.asarray(np.pad(y, (0, max(0, samples - y.size)))[:samples], dtype=np.float32)
