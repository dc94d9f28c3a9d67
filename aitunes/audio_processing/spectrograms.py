"""Computes spectrograms of whole sounds, with centred frames: linear, mel, decibels, MFCC.

Magnitudes are those of `aitunes.features`, not powers, so that one mel filter bank serves the whole project.
Frame n is centred on sample n · hop_length, as with librosa's `center=True`; silence is put around the sound.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from aitunes.errors import AiTunesError, InvalidFeaturesError
from aitunes.features import AudioFeatures, FloatArray, stft_magnitudes

N_FFT = 2048
HOP_LENGTH = 512
N_MELS = 128
N_MFCC = 20

RANGE_DB = 80.0
_QUIETEST = 1e-5


class SpectrogramError(AiTunesError, ValueError):
    """Says why an array is no waveform or no spectrogram."""


def analysis_features(sample_rate: int, **settings: Any) -> AudioFeatures:
    """Return the default features for the analysis of a sound.

    Args:
        settings: any of n_fft (samples), hop_length (samples), n_mels, f_min (Hz) and f_max (Hz; None is half the
            sample rate).

    Raises:
        InvalidFeaturesError: a setting is unknown, out of range or contradicts another.

    >>> analysis_features(22_050, n_mels=64).f_max
    11025.0
    """
    values = {"n_fft": N_FFT, "hop_length": HOP_LENGTH, "n_mels": N_MELS, "f_min": 0.0, "f_max": None}
    unknown = settings.keys() - values.keys()
    if unknown:
        raise InvalidFeaturesError(
            f"There is no setting {', '.join(sorted(unknown))}; choose from {', '.join(values)}."
        )
    values.update(settings)
    if values["f_max"] is None:
        values["f_max"] = sample_rate / 2.0
    return AudioFeatures(sample_rate=sample_rate, **values)  # type: ignore[arg-type]


def centred_magnitudes(y: FloatArray, features: AudioFeatures) -> FloatArray:
    """Compute linear magnitudes of a waveform [samples], [bins, 1 + samples // hop_length]."""
    return stft_magnitudes(np.pad(y, features.n_fft // 2), features.n_fft, features.hop_length)


def mel_magnitudes(y: FloatArray, features: AudioFeatures) -> FloatArray:
    """Compute mel magnitudes of a waveform [samples], [n_mels, 1 + samples // hop_length]."""
    return features.filter_bank @ centred_magnitudes(y, features)


def to_decibels(S: NDArray[Any]) -> FloatArray:
    """Return 20 log10 of magnitudes, no lower than `RANGE_DB` below the loudest.

    >>> to_decibels(np.array([100.0, 1.0, 0.0])).tolist()
    [40.0, 0.0, -40.0]
    """
    floor = max(float(S.max(initial=0.0)) * 10.0 ** (-RANGE_DB / 20.0), _QUIETEST)
    return (20.0 * np.log10(np.maximum(S, floor))).astype(np.float32)


def from_decibels(S: NDArray[Any]) -> FloatArray:
    """Return the magnitudes of decibels; the floor that `to_decibels` leaves stays audible, 80 dB below the loudest."""
    return (10.0 ** (np.asarray(S, dtype=np.float64) / 20.0)).astype(np.float32)


def mfcc_of(log_mel: FloatArray, n_features: int = N_MFCC) -> FloatArray:
    """Compute mel-frequency cepstral coefficients of mel decibels [n_mels, frames], [n_features, frames].

    They are the first coefficients of the orthonormal cosine transform along the bands.

    Raises:
        SpectrogramError: fewer than one coefficient, or more than there are bands.
    """
    from librosa.feature import mfcc

    if not 1 <= n_features <= len(log_mel):
        raise SpectrogramError(f"There are 1 to {len(log_mel)} MFCCs of {len(log_mel)} mel bands, not {n_features}.")
    return np.asarray(mfcc(S=log_mel, n_mfcc=n_features), dtype=np.float32)


def mel_of_mfcc(coefficients: FloatArray, n_mels: int) -> FloatArray:
    """Return mel magnitudes [n_mels, frames] of MFCCs [n_features, frames], as smooth as the coefficients left them."""
    from librosa.feature.inverse import mfcc_to_mel

    if len(coefficients) > n_mels:
        raise SpectrogramError(f"{len(coefficients)} MFCCs need as many mel bands, not {n_mels}.")
    # librosa takes the decibels for those of powers.
    return np.sqrt(mfcc_to_mel(coefficients, n_mels=n_mels)).astype(np.float32)


def checked(values: NDArray[Any], what: str, axes: int = 1) -> FloatArray:
    """Return the values as float32, or refuse what is empty, not finite, or of another number of axes.

    Raises:
        SpectrogramError: they are not; its sentence begins with `what`.
    """
    array = np.asarray(values)
    if array.ndim != axes or not array.size or array.dtype.kind not in "fiu":
        raise SpectrogramError(
            f"{what} must be an array of numbers with {axes} {'axis' if axes == 1 else 'axes'}, "
            f"not of shape {list(array.shape)} and type {array.dtype}."
        )
    if not np.isfinite(array).all():
        raise SpectrogramError(f"{what} holds values that are no numbers.")
    return array.astype(np.float32, copy=False)
