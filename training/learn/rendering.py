"""Renders recordings through a model of frames, and measures how far the sound is from them."""

from __future__ import annotations

import numpy as np
import torch

from aitunes.audio_processing.metrics import log_spectral_distance, mel_cepstral_distortion
from aitunes.audio_processing.reconstruction import sound_of_frames
from aitunes.features import AudioFeatures, FloatArray, mel_filter_bank, stft_magnitudes
from training.learn.network import SAMPLE_RATE, FrameAutoencoder

N_FFT, HOP_LENGTH, FLOOR_DB = 2048, 512, -60.0
"""Of the spectra that are compared; what lies below the floor, relative to the recording's loudest bin, is silence."""


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
