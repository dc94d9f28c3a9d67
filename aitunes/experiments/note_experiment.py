"""Trains on notes, each segment of which has a label, a pitch and a level."""

from __future__ import annotations

from typing_extensions import override

from aitunes.errors import TrainingError
from aitunes.experiments.autoencoder_experiment import Batch
from aitunes.experiments.spectrogram_experiment import SpectrogramBasedAutoencoderExperiment
from aitunes.modules.conditional import ConditionalAutoencoder
from aitunes.modules.objective import Pass


class NoteExperiment(SpectrogramBasedAutoencoderExperiment):
    """Trains an autoencoder on segments of notes, conditioned on pitch and level where it takes conditions."""

    @override
    def pass_through(self, batch: Batch) -> Pass:
        if len(batch) != 3:
            raise TrainingError("Notes come as segments, labels and conditions.")
        S, labels, conditions = batch
        if isinstance(self.model, ConditionalAutoencoder):
            return Pass(self.model, S, self.model(S, conditions), labels, conditions)
        return Pass(self.model, S, self.model(S), labels)
