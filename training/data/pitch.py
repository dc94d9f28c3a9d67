"""Refines the pitch of every frame of a note near its label: players bend, strings settle, singers waver."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import median_filter

from aitunes.features import FloatArray, hann_window
from aitunes.pitch import midi_to_hz

_SPAN_SEMITONES = 1.0
_STEP_SEMITONES = 0.04
_MAX_HARMONICS = 30
_HIGHEST_HZ = 10_000.0
_ZERO_PADDING = 8
_SMOOTHED_FRAMES = 7
_QUIET_DB = -30.0


def refine_pitch(
    windows: FloatArray,
    levels_db: NDArray[np.float64],
    midi: float,
    sample_rate: int,
    smoothed: int = _SMOOTHED_FRAMES,
) -> NDArray[np.float64]:
    """Estimate the pitch of every frame within a semitone of the note's label.

    Of all combs of harmonics near that pitch the one is taken whose teeth stand highest above the gaps between them,
    in mean log magnitude; a median over frames takes out slips. Quiet frames get the median of the loud ones.

    Args:
        windows: frames of the waveform, not yet windowed, [frames, n_fft].
        levels_db: of each frame, [frames].
        midi: MIDI note with fraction.
        smoothed: frames of the median.

    Returns:
        MIDI notes with fraction, [frames].
    """
    n_fft = windows.shape[1] * _ZERO_PADDING
    steps = np.arange(-_SPAN_SEMITONES, _SPAN_SEMITONES + 1e-9, _STEP_SEMITONES)
    bin_hz = sample_rate / n_fft
    combs = midi_to_hz(midi + steps) / bin_hz
    reach = int(max(_HIGHEST_HZ / bin_hz, combs[-1]) + combs[-1]) + 1  # the last gap lies half a tooth beyond
    spectra = np.abs(np.fft.rfft(windows * hann_window(windows.shape[1]), n_fft, axis=1)[:, : reach + 1])
    log_magnitudes = np.log(spectra + 1e-4).astype(np.float32)
    scores = [_comb_height(log_magnitudes, spacing, bin_hz) for spacing in combs]
    pitch = midi + steps[np.argmax(scores, axis=0)]
    loud = levels_db > levels_db.max(initial=-np.inf) + _QUIET_DB
    pitch = np.where(loud, pitch, np.median(pitch[loud]) if loud.any() else midi)
    return np.asarray(median_filter(pitch, smoothed, mode="nearest"))


def _comb_height(log_magnitudes: FloatArray, spacing: float, bin_hz: float) -> FloatArray:
    """Measure how far a comb's teeth stand above its gaps, [frames]; lower ones, which carry the pitch, count more.

    Args:
        log_magnitudes: [frames, bins].
        spacing: of the teeth, bins.
    """
    last = log_magnitudes.shape[1] - 1
    count = int(min(_MAX_HARMONICS, _HIGHEST_HZ / bin_hz / spacing, last / spacing - 0.5))
    n = np.arange(1, max(count, 1) + 1)
    teeth, gaps = (np.minimum(np.round(at * spacing).astype(int), last) for at in (n, n + 0.5))
    weights = 1.0 / n
    return np.asarray(log_magnitudes[:, teeth] @ (weights / weights.sum()) - log_magnitudes[:, gaps].mean(axis=1))
