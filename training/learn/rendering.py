"""Renders recordings through a model of frames, and measures how far the sound is from them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile
import soxr
import torch

from aitunes.audio_processing.metrics import log_spectral_distance, mel_cepstral_distortion
from aitunes.audio_processing.reconstruction import sound_of_frames
from aitunes.features import AudioFeatures, FloatArray, mel_filter_bank, stft_magnitudes
from training.learn.network import SAMPLE_RATE, FrameAutoencoder

N_FFT, HOP_LENGTH, FLOOR_DB = 2048, 512, -60.0
"""Of the spectra that are compared; what lies below the floor, relative to the recording's loudest bin, is silence."""

_HELD_SECONDS = 10.0


def rendered(model: FrameAutoencoder, y: FloatArray, features: AudioFeatures) -> FloatArray:
    """Encode a recording [samples], decode it, and return the sound that the instrument makes of it."""
    S = torch.from_numpy(features.analyse(y).T.copy())[..., None]
    with torch.no_grad():
        return sound_of_frames(model.decode(model.encode(S))[..., 0].numpy().T, features)


def distances(sound: FloatArray, recording: FloatArray) -> tuple[float, float]:
    """Return the log-spectral distance and the mel-cepstral distortion of 13 coefficients of 80 bands, dB."""
    ours, theirs = (stft_magnitudes(y, N_FFT, HOP_LENGTH) for y in (inside(sound, recording), inside(recording, sound)))
    bank = mel_filter_bank(SAMPLE_RATE, N_FFT, 80, 40.0, 16_000.0)
    return (
        log_spectral_distance(ours, theirs, FLOOR_DB, axis=0),
        mel_cepstral_distortion(ours, theirs, bank, floor_db=FLOOR_DB),
    )


def inside(y: FloatArray, other: FloatArray) -> FloatArray:
    """Cut a waveform to what two of them have in common, without the windows at the ends, which hold less."""
    return np.asarray(y[N_FFT : min(y.size, other.size) - N_FFT])


def middle_of(path: Path) -> FloatArray:
    """Read ten seconds from the middle of a recording, at most, as one channel at the rate of these models."""
    with soundfile.SoundFile(path) as sound:
        frames = min(sound.frames, round(_HELD_SECONDS * sound.samplerate))
        sound.seek((sound.frames - frames) // 2)
        y = sound.read(frames, dtype="float32", always_2d=True).mean(axis=1)
        return np.asarray(soxr.resample(y, sound.samplerate, SAMPLE_RATE), np.float32)
