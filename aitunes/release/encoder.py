"""Runs a release's encoder: from spectrogram segments to latent codes."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np

from aitunes.errors import ReleaseError
from aitunes.features import FloatArray
from aitunes.printable import printable
from aitunes.release.card import ReleaseCard
from aitunes.release.files import MAX_FILE_BYTES, read_bounded
from aitunes.release.reader import ENCODER, open_session
from aitunes.release.runtime import load_runtime

_MAX_ERROR_CHARACTERS = 200


class Encoder:
    """Encodes the segments of one release.

    Args:
        folder, card: of a release.

    Raises:
        ReleaseError: the encoder is not the file that was exported, or cannot be opened.
    """

    def __init__(self, folder: Path, card: ReleaseCard) -> None:
        self._card, self._what = card, f"The encoder of {card.name}"
        model = read_bounded(folder / ENCODER, MAX_FILE_BYTES, self._what)
        if hashlib.sha256(model).hexdigest() != card.files[ENCODER]:
            raise ReleaseError(f"{self._what} is not the file that was exported. Copy the release again.")
        self._session = open_session(model, self._what)
        self._input = self._session.get_inputs()[0].name
        self._options = load_runtime().RunOptions()

    def __call__(self, S: FloatArray) -> FloatArray:
        """Encode normalised segments [segments, bands, frames] to codes [segments, latent_dim].

        Raises:
            ReleaseError: the encoder fails, or answers with something else than finite codes.
        """
        try:
            (z,) = self._session.run(None, {self._input: S}, self._options)
        except Exception as error:  # onnxruntime's errors share no other base class
            why = printable(str(error)[:_MAX_ERROR_CHARACTERS])
            raise ReleaseError(f"{self._what} cannot be used: {why}") from error
        codes = np.asarray(z, np.float32)
        if codes.shape != (len(S), self._card.latent_dim) or not np.isfinite(codes).all():
            raise ReleaseError(f"{self._what} answers with something else than {self._card.latent_dim} finite numbers.")
        return codes

    def stop(self) -> None:
        """Interrupt an encoding that is under way and make all later ones fail; from any thread."""
        self._options.terminate = True
