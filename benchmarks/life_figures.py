"""Measures a sounding note: how its level rises and falls, how much its bins change, its vibrato."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from aitunes.audio_processing.metrics import log_spectral_distance
from aitunes.features import AudioFeatures, FloatArray, stft_magnitudes
from aitunes.motion.note_level import note_start, short_levels_db
from training.data.pitch import refine_pitch

N_FFT, HOP = 2048, 512
LEVEL_HOP = 256
FLOOR_DB = -60.0
MIN_VIBRATO_CENTS = 8.0
BARS = ("slope", "attack", "change", "vibrato")


@dataclass(frozen=True)
class Figures:
    """Keeps the measures of one sound: dB/s, ms, dB, Hz, cents and dB; rate and depth are NaN without vibrato."""

    slope: float
    attack: float
    change: float = float("nan")
    rate: float = float("nan")
    depth: float = float("nan")
    distance: float = float("nan")


def onset(y: FloatArray, rate: int, midi: float) -> int:
    """Return the sample at which a note begins; the noise of a room before it is none of it."""
    level = levels(y, rate, midi)
    return note_start(level - level.max(), rate / LEVEL_HOP)[0] * LEVEL_HOP


def levels(y: FloatArray, rate: int, midi: float) -> np.ndarray:
    """Return the level every `LEVEL_HOP` samples, dB."""
    features = AudioFeatures(sample_rate=rate, n_fft=512, hop_length=LEVEL_HOP, scale="linear", f_max=rate / 2)
    frames = len(y) // LEVEL_HOP
    return short_levels_db(y, features, midi, frames + 2)[1 : frames + 1]


def measure(y: FloatArray, rate: int, midi: float, held_seconds: float, with_vibrato: bool = True) -> Figures:
    """Return the figures of a sound that begins at its onset; its vibrato takes longest and may be left out."""
    held = y[: max(int(held_seconds * rate), N_FFT)]
    slope, attack, begin = rise_and_slope(levels(held, rate, midi), rate / LEVEL_HOP)
    steady = held[begin * LEVEL_HOP :][: rate * 2]
    rate_hz, depth = vibrato(steady, rate, midi) if with_vibrato else (float("nan"), float("nan"))
    return Figures(slope, attack, change(steady), rate_hz, depth)


def rise_and_slope(level: np.ndarray, level_rate: float) -> tuple[float, float, int]:
    """Return slope, dB a second, and attack, ms, of the level of a held note, dB, and where the slope begins."""
    second = int(level_rate)
    first = 10.0 ** (level[:second] / 20.0)
    rise = (crossing(first, 0.9 * first.max()) - crossing(first, 0.1 * first.max())) / level_rate
    smooth = np.convolve(np.pad(level, 4, mode="edge"), np.ones(9) / 9, "valid")[: len(first)]
    begin = int(np.argmax(smooth >= smooth.max() - 1.0)) + 8
    part = level[begin : begin + second]
    slope = float(np.polyfit(np.arange(len(part)) / level_rate, part, 1)[0]) if len(part) > 30 else float("nan")
    return slope, 1e3 * rise, begin


def crossing(amplitude: np.ndarray, threshold: float) -> float:
    """Return the index, with fraction, at which an amplitude first reaches a threshold."""
    at = int(np.argmax(amplitude >= threshold))
    if at == 0:
        return 0.0
    return at - 1 + float((threshold - amplitude[at - 1]) / (amplitude[at] - amplitude[at - 1]))


def change(y: FloatArray) -> float:
    """Return the mean difference of a bin from frame to frame, dB."""
    if len(y) < 3 * N_FFT:
        return float("nan")
    S = stft_magnitudes(y, N_FFT, HOP)
    db = 20.0 * np.log10(np.maximum(S, 1e-9))
    audible = db[:, 1:] > db.max() + FLOOR_DB
    return float(np.abs(np.diff(db, axis=1))[audible].mean())


def vibrato(y: FloatArray, rate: int, midi: float) -> tuple[float, float]:
    """Return rate (Hz) and depth (cents) of the pitch's strongest oscillation; NaN where there is none."""
    hop = 512
    if len(y) < rate * 0.8:
        return float("nan"), float("nan")
    windows = np.lib.stride_tricks.sliding_window_view(y, N_FFT)[::hop]
    cents = 100.0 * (refine_pitch(windows, np.zeros(len(windows)), midi, rate) - midi)
    cents = cents - np.polyval(np.polyfit(np.arange(len(cents)), cents, 1), np.arange(len(cents)))
    window = np.hanning(len(cents))
    spectrum = np.abs(np.fft.rfft(cents * window, 1024)) * 2.0 / window.sum()
    hz = np.fft.rfftfreq(1024, hop / rate)
    inside = (hz > 3.5) & (hz < 9.0)
    at = int(np.argmax(np.where(inside, spectrum, 0.0)))
    # A slow drift or slips of the tracker are no vibrato: the peak must stand above all else.
    outside = spectrum[(hz > 12.0) | ((hz > 1.0) & (hz < 3.0))].max()
    if spectrum[at] < MIN_VIBRATO_CENTS or spectrum[at] < 1.5 * outside:
        return float("nan"), float("nan")
    return float(hz[at]), float(spectrum[at])


def distance(y: FloatArray, recording: FloatArray) -> float:
    """Return the log-spectral distance along the whole recording, both at the same peak level."""
    y = np.pad(y, (0, max(0, len(recording) - len(y))))[: len(recording)]
    S, M = stft_magnitudes(y, N_FFT, HOP), stft_magnitudes(recording, N_FFT, HOP)
    scale = np.sqrt((M**2).sum(axis=0).max() / max((S**2).sum(axis=0).max(), 1e-12))
    return log_spectral_distance((S * scale).T, M.T, floor_db=FLOOR_DB)


def compared(
    y: FloatArray, rate: int, midi: float, held_seconds: float, recording: FloatArray, reference: Figures
) -> Figures:
    """Measure a sound that stands for a recording."""
    figures = measure(y, rate, midi, held_seconds, bool(np.isfinite(reference.rate)))
    return replace(figures, distance=distance(y, recording))


def within(figures: Figures, reference: Figures) -> dict[str, bool]:
    """Return which bars a sound meets; what the recording does not have is not asked for."""

    def near(name: str, share: float, least: float) -> bool:
        target = getattr(reference, name)
        return bool(abs(getattr(figures, name) - target) <= max(share * abs(target), least))

    def factor(name: str) -> bool:
        value, target = getattr(figures, name), getattr(reference, name)
        return bool(np.isfinite(value) and 1.0 / 1.5 <= value / target <= 1.5)

    met = {"attack": near("attack", 0.5, 15.0)}
    if np.isfinite(reference.slope):
        met["slope"] = near("slope", 0.3, 2.0)
    if np.isfinite(reference.change):
        met["change"] = bool(0.7 <= figures.change / reference.change <= 1.4)
    if np.isfinite(reference.rate):
        met["vibrato"] = factor("rate") and factor("depth")
    return met
