"""Measures how a release plays: pitch accuracy, independence of timbre and pitch, and steadiness of held notes.

Everything is measured on sound, after the phase reconstruction, as a listener hears it.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aitunes.audio_processing.reconstruction import sound_of_frames
from aitunes.features import AudioFeatures, FloatArray
from aitunes.modules.base import Autoencoder
from aitunes.modules.conditional import ConditionalAutoencoder
from aitunes.pitch import midi_to_hz
from aitunes.release.card import LatentSpace
from training.evaluate.inference import decode
from training.evaluate.landmarks import pad_codes

HELD_SECONDS = 4.0
_SETTLED_SECONDS = 0.2
_PITCH_SECONDS = 0.7
_GRID = 16
_PAD = (0.1, 0.5, 0.9)
_FIRST_SEMITONES = 2.3
"""Of the first note above the lowest: between the keys, and where no multiple of a bundled release's pitches falls on
its hop rate, which `hop_flux_db` would take for clicks."""
_HIGHEST_HARMONIC_HZ = 8_000.0
_ENVELOPE_POINTS = 48
_FLUX_WINDOW, _FLUX_STEP = 64, 8
_LEVEL_SECONDS = 0.05


@dataclass(frozen=True)
class Held:
    """Holds a sustained note, without its beginning.

    Args:
        y: [samples].
        pitch: that it was asked to have, MIDI note.
        point: of the pad, by number.
    """

    y: FloatArray
    pitch: float
    point: int


def playability(model: Autoencoder, latent: LatentSpace, features: AudioFeatures) -> dict[str, float]:
    """Measure a release with pitch, for its card; return nothing for one without.

    Returns:
        pitch_error_cents and pitch_error_cents_worst, of held notes at 9 points of the pad, against
        `librosa.pyin`, a median and the 95th percentile;
        timbre_by_pitch_db, how far spectral envelopes of a point lie apart an octave up, and timbre_by_pad_db, those of
        two points at one pitch, means;
        pad_level_db, the furthest that a point of a 16 × 16 grid lies from the median level;
        held_level_db, hop_flux_db, dc_db and peak_db, the worst of the held notes.
    """
    if not isinstance(model, ConditionalAutoencoder):
        return {}
    pitch = model.conditions[0]
    pitches = np.arange(pitch.low + _FIRST_SEMITONES, pitch.high, 12.0)
    points = np.array(list(itertools.product(_PAD, _PAD)))
    codes = pad_codes(points, latent)
    held = [
        Held(held_note(model, codes[n], float(midi), features), float(midi), n)
        for midi in pitches
        for n in range(len(points))
    ]
    errors = np.array([pitch_error_cents(note, features.sample_rate) for note in held])
    by_pitch, by_pad = timbre_distances_db(held, features.sample_rate)
    return {
        "pitch_error_cents": float(np.median(errors)),
        "pitch_error_cents_worst": float(np.quantile(errors, 0.95)),
        "timbre_by_pitch_db": by_pitch,
        "timbre_by_pad_db": by_pad,
        "pad_level_db": pad_level_db(model, latent, features),
        "held_level_db": max(level_range_db(note.y, features.sample_rate) for note in held),
        "hop_flux_db": max(hop_flux_db(note.y, features) for note in held),
        "dc_db": max(dc_db(note.y) for note in held),
        "peak_db": max(20.0 * np.log10(float(np.abs(note.y).max())) for note in held),
    }


def held_note(model: ConditionalAutoencoder, code: FloatArray, midi: float, features: AudioFeatures) -> FloatArray:
    """Render a code at a pitch and the full level, sustained, without its beginning, [samples]."""
    conditions = np.array([[midi, model.conditions[1].high]], np.float32)
    frame = decode(model, code[None], conditions)[0]
    count = round((HELD_SECONDS + _SETTLED_SECONDS) * features.frame_rate / features.frames)
    y = sound_of_frames(np.tile(frame, (1, count)), features)
    first = round(_SETTLED_SECONDS * features.sample_rate)
    return y[first : first + round(HELD_SECONDS * features.sample_rate)]


def pitch_error_cents(note: Held, sample_rate: int) -> float:
    """Return the error of the pitch that probabilistic YIN finds, cents; 1,200 where it finds none.

    Reference:
        Mauch & Dixon, *pYIN: a fundamental frequency estimator using probabilistic threshold distributions*, ICASSP
        2014, as librosa has it.
    """
    import librosa

    hz = midi_to_hz(note.pitch)
    y = note.y[: round(_PITCH_SECONDS * sample_rate)]
    estimates, _, _ = librosa.pyin(y, fmin=hz / 2.1, fmax=hz * 2.1, sr=sample_rate, frame_length=4096, resolution=0.05)
    voiced = estimates[np.isfinite(estimates)]
    return abs(1200.0 * float(np.log2(np.median(voiced) / hz))) if voiced.size else 1200.0


def timbre_distances_db(held: list[Held], sample_rate: int) -> tuple[float, float]:
    """Return mean distances of spectral envelopes: of one point an octave apart, and of two points at one pitch."""
    envelopes = {(note.point, note.pitch): note for note in held}
    by_pitch, by_pad = [], []
    for (point, pitch), note in envelopes.items():
        octave = envelopes.get((point, pitch + 12.0))
        if octave is not None:
            by_pitch.append(envelope_distance_db(note, octave, sample_rate))
        beside = envelopes.get((point + 1, pitch))
        if beside is not None:
            by_pad.append(envelope_distance_db(note, beside, sample_rate))
    return float(np.mean(by_pitch)), float(np.mean(by_pad))


def envelope_distance_db(note: Held, other: Held, sample_rate: int) -> float:
    """Return the root mean square difference of two notes' spectral envelopes, both at their own mean level.

    An envelope is a line through the harmonics' levels, on a scale of octaves, from the higher fundamental to 8 kHz.
    """
    lowest = midi_to_hz(max(note.pitch, other.pitch))
    at = np.geomspace(lowest, max(_HIGHEST_HARMONIC_HZ, 2.0 * lowest), _ENVELOPE_POINTS)
    lines = [
        np.interp(np.log(at), np.log(hz), db) for hz, db in (_harmonics(held, sample_rate) for held in (note, other))
    ]
    difference = lines[0] - lines[1]
    return float(np.std(difference))


def _harmonics(note: Held, sample_rate: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Measure frequencies and levels (dB, at least 80 below the loudest) of a note's harmonics."""
    spectrum = np.abs(np.fft.rfft(note.y * np.hanning(note.y.size)))
    fundamental = midi_to_hz(note.pitch)
    hz = np.float64(fundamental) * np.arange(1, int(0.5 * sample_rate / fundamental))
    bins = np.round(hz * note.y.size / sample_rate).astype(int)
    near = max(1, round(0.2 * fundamental * note.y.size / sample_rate))
    peaks = np.array([spectrum[max(bin_ - near, 0) : bin_ + near + 1].max() for bin_ in bins])
    return hz, 20.0 * np.log10(np.maximum(peaks, 1e-4 * peaks.max()))


def pad_level_db(model: ConditionalAutoencoder, latent: LatentSpace, features: AudioFeatures) -> float:
    """Return the furthest distance of a point's level from the median of a 16 × 16 grid over the whole pad."""
    steps = np.linspace(0.0, 1.0, _GRID)
    codes = pad_codes(np.array(list(itertools.product(steps, steps))), latent)
    power = (features.denormalise(decode(model, codes)).astype(np.float64) ** 2).sum(axis=(1, 2))
    level = 10.0 * np.log10(np.maximum(power, 1e-20))
    return float(np.abs(level - np.median(level)).max())


def level_range_db(y: FloatArray, sample_rate: int) -> float:
    """Measure how much the level of a waveform changes, in steps of 50 ms."""
    step = round(_LEVEL_SECONDS * sample_rate)
    rms = np.sqrt((y[: y.size // step * step].reshape(-1, step).astype(np.float64) ** 2).mean(axis=1))
    return float(20.0 * np.log10(rms.max() / max(rms.min(), 1e-12)))


def hop_flux_db(y: FloatArray, features: AudioFeatures) -> float:
    """Measure the line that the spectral flux of a held note has at the rate of the hops, relative to the note.

    The windows are shorter than a hop, so that a click in each one shows. What returns with every hop adds up over the
    note, and noise, whose flux swings at every rate, averages out: the longer the note, the less is taken for a line.
    Harmonics beat at multiples of the pitch, of which none may lie within a few hertz of the hop rate.

    Reference:
        Dixon, *Onset detection revisited*, DAFx 2006, equation 2.
    """
    windows = np.lib.stride_tricks.sliding_window_view(y, _FLUX_WINDOW)[::_FLUX_STEP]
    S = np.abs(np.fft.rfft(windows * np.hanning(_FLUX_WINDOW), axis=1))
    flux = np.maximum(np.diff(S, axis=0), 0.0).sum(axis=1)
    window = np.blackman(flux.size)
    hops = np.arange(flux.size) * (_FLUX_STEP / features.hop_length)
    line = 2.0 * abs(np.sum(window * (flux - flux.mean()) * np.exp(-2j * np.pi * hops))) / window.sum()
    return float(20.0 * np.log10(max(line / S.sum(axis=1).mean(), 1e-6)))


def dc_db(y: FloatArray) -> float:
    """Measure the mean of a waveform, relative to its root mean square."""
    y = y.astype(np.float64)
    window = np.hanning(y.size)  # a note that is cut anywhere has a mean of its own
    mean = abs(float((y * window).sum() / window.sum()))
    return float(20.0 * np.log10(max(mean, 1e-12) / np.sqrt((y**2).mean())))
