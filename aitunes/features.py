"""Defines the spectrogram that a model is trained on and the instrument turns back into sound.

A model sees the magnitude spectrogram in decibels, mapped so that `db_range` becomes 0..1: summed into mel bands
(*normalised log-mel*), or as it is. This module is numpy alone, because the live side must not load librosa.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from aitunes.errors import InvalidFeaturesError

FloatArray = NDArray[np.float32]

SCALES = ("mel", "linear")

_MAX = {"sample_rate": 1_000_000, "n_fft": 1 << 20, "hop_length": 1 << 19, "n_mels": 1 << 14, "frames": 1 << 20}
_MAX_FILTER_BANK = 1 << 26  # values


@dataclass(frozen=True)
class AudioFeatures:
    """Describes how audio becomes the spectrogram segments of one model.

    Args:
        sample_rate: samples a second, Hz.
        n_fft: length of the Hann window and of the transform, samples; even.
        hop_length: samples from one frame to the next; at most `n_fft // 2`, and it divides `n_fft`.
        n_mels: mel bands.
        f_min: lowest edge of the filter bank, Hz.
        f_max: highest edge, Hz; at most half the sample rate.
        db_range: decibels (20 log10 of mel magnitude) that map to 0 and to 1.
        frames: frames in one segment; 1 is a model that decodes every hop.
        scale: "mel", or "linear" for the bins of the transform themselves: what mel bands blur, and what every
            frame would have to be inverted from, is then the model's own. `n_mels`, `f_min` and `f_max` are not used.

    Raises:
        InvalidFeaturesError: a value is out of range or contradicts another.
    """

    sample_rate: int = 44_100
    n_fft: int = 1024
    hop_length: int = 128
    n_mels: int = 128
    f_min: float = 20.0
    f_max: float = 20_000.0
    db_range: tuple[float, float] = (-80.0, 20.0)
    frames: int = 1
    scale: str = "mel"

    def __post_init__(self) -> None:
        whole = ("sample_rate", "n_fft", "hop_length", "n_mels", "frames")
        for name in whole:
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise InvalidFeaturesError(f"{name} must be a whole number of at least 1, not {value!r:.80}.")
            if value > _MAX[name]:
                raise InvalidFeaturesError(f"{name} is at most {_MAX[name]:,}, and not so large a number.")
        if self.n_mels * (self.n_fft // 2 + 1) > _MAX_FILTER_BANK:
            raise InvalidFeaturesError(
                f"n_mels {self.n_mels:,} and n_fft {self.n_fft:,} make too large a filter bank for any memory."
            )
        if self.n_fft % 2:
            raise InvalidFeaturesError(f"n_fft must be even, not {self.n_fft}.")
        if self.n_fft % self.hop_length or self.hop_length > self.n_fft // 2:
            raise InvalidFeaturesError(
                f"hop_length must divide n_fft and be at most half of it; {self.hop_length} does not fit {self.n_fft}."
            )
        if not 0 <= self.f_min < self.f_max <= self.sample_rate / 2:
            raise InvalidFeaturesError(
                f"Frequencies must rise from 0 to half the sample rate ({self.sample_rate / 2:g} Hz): "
                f"f_min {self.f_min!r}, f_max {self.f_max!r}."
            )
        if self.scale not in SCALES:
            raise InvalidFeaturesError(f"scale must be one of {', '.join(SCALES)}, not {self.scale!r}.")
        low, high = self.db_range
        if not (np.isfinite(low) and np.isfinite(high) and low < high):
            raise InvalidFeaturesError(f"db_range must be two rising numbers, not {self.db_range!r}.")
        if self.n_mels > self.bins:
            raise InvalidFeaturesError(
                f"n_mels is {self.n_mels}, more than the {self.bins} bins of n_fft {self.n_fft}."
            )

    @property
    def bins(self) -> int:
        """Frequency bins of the linear spectrogram."""
        return self.n_fft // 2 + 1

    @property
    def bands(self) -> int:
        """Values in a frame: mel bands, or the bins of a linear scale."""
        return self.n_mels if self.scale == "mel" else self.bins

    @property
    def frame_rate(self) -> float:
        """Frames a second."""
        return self.sample_rate / self.hop_length

    @cached_property
    def filter_bank(self) -> FloatArray:
        """The mel filter bank, [n_mels, bins]; Slaney scale and area normalisation."""
        return mel_filter_bank(self.sample_rate, self.n_fft, self.n_mels, self.f_min, self.f_max)

    @cached_property
    def sparse_filter_bank(self) -> tuple[NDArray[np.int64], FloatArray]:
        """The filter bank without its zeros.

        Returns:
            First bin of each band and the one after its last, [n_mels, 2], both 0 for a band narrower than a bin; and
            the weights of these bins, one band after the other.
        """
        bank = self.filter_bank
        extents = np.zeros((self.n_mels, 2), np.int64)
        for band, row in enumerate(bank):
            inside = np.flatnonzero(row)
            if inside.size:
                extents[band] = inside[0], inside[-1] + 1
        return extents, np.concatenate([row[first:end] for row, (first, end) in zip(bank, extents, strict=True)])

    def normalise(self, mel: NDArray[Any]) -> FloatArray:
        """Map magnitudes of any shape to 0..1 over `db_range`."""
        low, high = self.db_range
        floor = 10.0 ** (low / 20.0)
        db = 20.0 * np.log10(np.maximum(mel, floor))
        return np.clip((db - low) / (high - low), 0.0, 1.0).astype(np.float32)

    def denormalise(self, S: NDArray[Any]) -> FloatArray:
        """Map normalised frames to magnitudes; 0 becomes silence, not the floor of `db_range`."""
        low, high = self.db_range
        scale = np.float32(np.log(10.0) / 20.0)
        S = np.asarray(S, dtype=np.float32)
        with np.errstate(over="ignore", invalid="ignore"):  # a stranger's network may put out anything
            mel = np.exp((S * np.float32(high - low) + np.float32(low)) * scale)
        return np.where(S > 0.0, mel, np.float32(0.0)).astype(np.float32, copy=False)

    def analyse(self, y: NDArray[Any]) -> FloatArray:
        """Compute the normalised frames of a waveform.

        Frame n covers samples n · hop_length to n · hop_length + n_fft; nothing is padded.

        Args:
            y: mono waveform [samples] at `sample_rate`.

        Returns:
            S [bands, count] with count = 1 + (samples − n_fft) // hop_length.

        Raises:
            InvalidFeaturesError: the waveform is not mono or shorter than one window.
        """
        magnitudes = stft_magnitudes(y, self.n_fft, self.hop_length)
        return self.normalise(self.filter_bank @ magnitudes if self.scale == "mel" else magnitudes)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, for a card."""
        return {**asdict(self), "db_range": list(self.db_range)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Read the features that a card describes.

        Raises:
            InvalidFeaturesError: a field is missing, unknown or out of range.
        """
        try:
            low, high = values["db_range"]
            return cls(**{**values, "db_range": (float(low), float(high))})
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, InvalidFeaturesError):
                raise
            raise InvalidFeaturesError(f"The audio features are incomplete or misspelt: {error}.") from error


def hann_window(n_fft: int) -> FloatArray:
    """Return the periodic Hann window, [n_fft].

    >>> float(hann_window(8)[4])
    1.0
    """
    return (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(n_fft) / n_fft)).astype(np.float32)


def stft_magnitudes(y: NDArray[Any], n_fft: int, hop_length: int) -> FloatArray:
    """Compute the magnitude spectrogram of a mono waveform, unpadded.

    Args:
        y: [samples], at least `n_fft` of them.

    Returns:
        [n_fft // 2 + 1, 1 + (samples − n_fft) // hop_length]

    Raises:
        InvalidFeaturesError: the waveform is not mono or shorter than one window.
    """
    y = np.asarray(y, dtype=np.float32)
    if y.ndim != 1 or y.size < n_fft:
        raise InvalidFeaturesError(
            f"A mono waveform of at least {n_fft} samples is needed, not one of shape {y.shape}."
        )
    windows = np.lib.stride_tricks.sliding_window_view(y, n_fft)[::hop_length]
    return np.abs(np.fft.rfft(windows * hann_window(n_fft), axis=1)).T.astype(np.float32)


def mel_filter_bank(
    sample_rate: float, n_fft: int, n_mels: int, f_min: float, f_max: float, htk: bool = False
) -> FloatArray:
    """Make triangular mel filters, each of unit area in Hz.

    Args:
        htk: the HTK mel formula instead of Slaney's.

    Returns:
        [n_mels, n_fft // 2 + 1]

    Reference:
        Slaney, *Auditory Toolbox*, technical report 1998-010, Interval Research, 1998;
        Young et al., *The HTK Book*, 2006, section 5.4.
    """
    edges = mel_frequencies(f_min, f_max, n_mels + 2, htk)
    bins = np.linspace(0.0, sample_rate / 2.0, n_fft // 2 + 1)
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    area = 2.0 / (edges[2:] - edges[:-2])
    return (np.maximum(0.0, np.minimum(rising, falling)) * area[:, None]).astype(np.float32)


def mel_frequencies(f_min: float, f_max: float, count: int, htk: bool = False) -> NDArray[np.float64]:
    """Return frequencies at equal distances in mel, [count] Hz, both ends among them."""
    return _mel_to_hz(np.linspace(_hz_to_mel(f_min, htk), _hz_to_mel(f_max, htk), count), htk)


# Slaney's scale is linear below 1 kHz (15 mel there) and logarithmic above, 27 mel for a factor of 6.4.
_LINEAR_HZ_PER_MEL = 200.0 / 3.0
_BREAK_HZ = 1000.0
_BREAK_MEL = _BREAK_HZ / _LINEAR_HZ_PER_MEL
_LOG_STEP = np.log(6.4) / 27.0


def _hz_to_mel(hz: float, htk: bool) -> float:
    if htk:
        return float(2595.0 * np.log10(1.0 + hz / 700.0))
    if hz < _BREAK_HZ:
        return hz / _LINEAR_HZ_PER_MEL
    return float(_BREAK_MEL + np.log(hz / _BREAK_HZ) / _LOG_STEP)


def _mel_to_hz(mel: NDArray[np.float64], htk: bool) -> NDArray[np.float64]:
    if htk:
        return 700.0 * (10.0 ** (mel / 2595.0) - 1.0)
    return np.where(mel < _BREAK_MEL, mel * _LINEAR_HZ_PER_MEL, _BREAK_HZ * np.exp(_LOG_STEP * (mel - _BREAK_MEL)))
