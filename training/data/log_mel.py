"""Computes log-mel frames of audio files in one compiled call.

The same numbers as `AudioFeatures.analyse`, in blocks that stay in the processor's cache, all in one compiled call:
window, batched float32 transform, modulus, and each mel band summed over its own bins alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import soxr
from numba import njit
from numpy.typing import NDArray

from aitunes.audio_processing.decoding import SoundStream
from aitunes.audio_processing.pocketfft import r2c
from aitunes.features import AudioFeatures, FloatArray, hann_window

_BLOCK_FRAMES = 32
BLOCK_SECONDS = 5.0


class LogMel:
    """Makes normalised log-mel frames of one kind.

    Args:
        features: which.
        block_seconds: of samples that are held at a time.
    """

    def __init__(self, features: AudioFeatures, block_seconds: float = BLOCK_SECONDS) -> None:
        self.features, self.block_seconds = features, block_seconds
        self._window = hann_window(features.n_fft)
        self._bands, self._weights = features.sparse_filter_bank

    def frames(self, y: FloatArray) -> FloatArray:
        """Compute every whole frame of a waveform: frame n covers samples n · hop_length to n · hop_length + n_fft.

        Args:
            y: mono [samples] at the features' sample rate.

        Returns:
            S [count, n_mels], 0..1; count is 0 where the waveform is shorter than a window.
        """
        n_fft, hop = self.features.n_fft, self.features.hop_length
        if y.size < n_fft:
            return np.empty((0, self.features.n_mels), np.float32)
        mel = np.empty((1 + (y.size - n_fft) // hop, self.features.n_mels), np.float32)
        # The kernel is compiled for one kind of array.
        y = np.ascontiguousarray(y, np.float32)
        _mel_of(y if y.flags.writeable else y.copy(), mel, hop, self._window, self._bands, self._weights)
        return self._normalise(mel)

    def _normalise(self, mel: FloatArray) -> FloatArray:
        # What AudioFeatures.normalise computes, in place.
        low, high = self.features.db_range
        np.maximum(mel, np.float32(10.0 ** (low / 20.0)), out=mel)
        np.log10(mel, out=mel)
        mel *= np.float32(20.0 / (high - low))
        mel -= np.float32(low / (high - low))
        return np.clip(mel, 0.0, 1.0, out=mel)

    def of_file(self, path: Path, notify: Callable[[str], None] = lambda note: None) -> FloatArray:
        """Compute frames [count, n_mels] of an audio file of any rate and number of channels, which are averaged.

        Args:
            notify: called with sentences about what of the file could not be read.

        Raises:
            AudioFileError: nothing can be read, or it holds values that are no numbers.
        """
        with SoundStream(path) as sound:
            S = np.concatenate(list(self._parts(sound)))
        for note in sound.notes:
            notify(note)
        return S

    def _parts(self, sound: SoundStream) -> Iterator[FloatArray]:
        """Yield frames in the file's order; whatever its length, only some seconds of samples are held at a time."""
        hop = self.features.hop_length
        held = np.empty(0, np.float32)
        for y in mono_at(sound, self.features.sample_rate, self.block_seconds):
            held = np.concatenate([held, y]) if held.size else y
            S = self.frames(held)
            held = held[len(S) * hop :]
            yield S


def mono_at(sound: SoundStream, sample_rate: int, block_seconds: float = BLOCK_SECONDS) -> Iterator[FloatArray]:
    """Yield the file's samples, mono, at a rate; one block at least."""
    stream = None
    if sound.sample_rate != sample_rate:
        stream = soxr.ResampleStream(sound.sample_rate, sample_rate, 1, dtype="float32", quality="HQ")
    for y in sound.mono_blocks(round(block_seconds * sound.sample_rate)):
        yield y if stream is None else stream.resample_chunk(np.ascontiguousarray(y))
    if stream is not None:
        yield stream.resample_chunk(np.empty(0, np.float32), last=True)


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz"})
def _bands_of(
    spectrum: NDArray[np.complex64], mel: FloatArray, bands: NDArray[np.int64], weights: FloatArray
) -> None:  # pragma: no cover - compiled
    """Compute mel magnitudes [n_mels] of one spectrum [bins]."""
    magnitudes = np.empty(spectrum.size, np.float32)
    for k in range(spectrum.size):
        value = spectrum[k]
        magnitudes[k] = np.sqrt(value.real * value.real + value.imag * value.imag)
    at = 0
    for b in range(bands.shape[0]):
        first, width = bands[b, 0], bands[b, 1] - bands[b, 0]
        row, covered = weights[at : at + width], magnitudes[first : first + width]
        total = np.float32(0.0)
        for k in range(width):
            total += row[k] * covered[k]
        mel[b] = total
        at += width


@njit(nogil=True, cache=True, error_model="numpy", fastmath={"contract", "reassoc", "nsz"})
def _mel_of(
    y: FloatArray, mel: FloatArray, hop: int, window: FloatArray, bands: NDArray[np.int64], weights: FloatArray
) -> None:  # pragma: no cover - compiled
    """Compute mel magnitudes [frames, n_mels] of a waveform."""
    n_fft, axis = window.size, np.array([1], np.int64)
    windowed = np.empty((_BLOCK_FRAMES, n_fft), np.float32)
    spectra = np.empty((_BLOCK_FRAMES, n_fft // 2 + 1), np.complex64)
    for start in range(0, mel.shape[0], _BLOCK_FRAMES):
        count = min(_BLOCK_FRAMES, mel.shape[0] - start)
        for n in range(count):
            first = (start + n) * hop
            source, target = y[first : first + n_fft], windowed[n]
            for k in range(n_fft):
                target[k] = source[k] * window[k]
        r2c(windowed[:count], spectra[:count], axis, True, 1.0, 1)
        for n in range(count):
            _bands_of(spectra[n], mel[start + n], bands, weights)
