"""Finds where a sound lies in a release's latent space."""

from __future__ import annotations

import numpy as np

from aitunes.audio_processing.levels import FULL_LEVEL_DB, frame_power
from aitunes.features import FloatArray, hann_window
from aitunes.release.card import LATENT_LIMIT
from aitunes.release.encoder import Encoder
from aitunes.release.reader import Release
from instrument.listening.kernel import transform
from instrument.synthesis.directions import Directions
from instrument.synthesis.tones import PitchRange

_TRAINED_RMS_DB = -14.0
"""Level of the loudest frames that releases without a level have been trained on; see `Levels`."""
_SILENT_POWER = 1e-7


class TimbreEncoder:
    """Encodes the newest frame of an input, brought to the level of what the release was trained on.

    Args:
        release: whose encoder is asked, one frame a segment; a release of longer segments gets no timbre.

    Raises:
        ReleaseError: the encoder cannot be used.
    """

    def __init__(self, release: Release) -> None:
        card = release.card
        self.release = release.card.name
        self.features = features = card.features
        self.pitches = PitchRange.of(card)
        self._directions = Directions(card.latent)
        self._encoder = Encoder(release.folder, card) if card.is_frame_model else None
        has_level = any(spec.name == "level" for spec in card.inputs)
        self._full_power = frame_power(FULL_LEVEL_DB if has_level else _TRAINED_RMS_DB, features.n_fft)
        self._window = hann_window(features.n_fft)[None]
        self._axis = np.array([1], np.int64)
        self._windowed = np.zeros((1, features.n_fft), np.float32)
        self._spectrum = np.zeros((1, features.bins), np.complex64)
        self._S = np.zeros((1, features.bins), np.float32)
        self.coordinates(np.full(features.n_fft, 1e-2, np.float32))  # a failure, and first-use costs, come here

    def coordinates(self, y: FloatArray) -> FloatArray | None:
        """Return where a frame [n_fft] lies, [latent_dim] standard deviations; None where that cannot be said.

        Raises:
            ReleaseError: the encoder fails.
        """
        if self._encoder is None:
            return None
        total = transform(y[None], self._window, self._axis, self._windowed, self._spectrum, self._S)
        if not total > _SILENT_POWER:  # true for NaN too
            return None
        features = self.features
        S = self._S * np.float32((self._full_power / total) ** 0.5)
        if features.scale == "mel":
            S = S @ features.filter_bank.T
        z = self._encoder(features.normalise(S)[:, :, None])
        coordinates = self._directions.coordinates(z[0])
        return np.clip(coordinates, -LATENT_LIMIT, LATENT_LIMIT, out=coordinates)

    def stop(self) -> None:
        """Interrupt an encoding that is under way; from any thread."""
        if self._encoder is not None:
            self._encoder.stop()
