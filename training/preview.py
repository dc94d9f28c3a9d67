"""A few seconds of a release, walked over its pad and rendered as the instrument renders it."""

from __future__ import annotations

import io

import numpy as np
import soundfile
import torch

from aitunes.audio_processing.griffin_lim import StreamingGriffinLim
from aitunes.audio_processing.mel_inversion import MelInversion
from aitunes.features import AudioFeatures, FloatArray
from aitunes.modules.base import Autoencoder
from aitunes.release.card import LatentSpace
from training.landmarks import pad_codes

SECONDS = 8.0
_PEAK = 0.7
_FADE_SECONDS = 0.05


def preview_wav(model: Autoencoder, latent: LatentSpace, features: AudioFeatures) -> bytes:
    """The contents of `preview.wav`: mono, 16 bits.

    Args:
        model: of patches of any number of frames, which follow each other.
    """
    patches = max(1, round(SECONDS * features.frame_rate / features.frames))
    codes = pad_codes(walk(patches), latent)
    with torch.no_grad():
        S = model.decode(torch.from_numpy(codes)).numpy()
    y = render(np.concatenate(list(S), axis=1), features)
    return wav_bytes(y, features.sample_rate)


def wav_bytes(y: FloatArray, sample_rate: int) -> bytes:
    """A WAV file of a waveform [samples], levelled and faded: mono, 16 bits."""
    stream = io.BytesIO()
    soundfile.write(stream, _levelled(y, sample_rate), sample_rate, format="WAV", subtype="PCM_16")
    return stream.getvalue()


def walk(points: int) -> FloatArray:
    """A closed curve that passes all over the pad and near its corners, [points, 2], 0..1.

    >>> walk(8).shape
    (8, 2)
    """
    turn = 2.0 * np.pi * np.arange(points) / points
    curve = np.stack([np.cos(turn), np.cos(3.0 * turn + 0.5)], axis=1)
    return np.asarray(0.5 - 0.48 * curve, dtype=np.float32)


def render(S: FloatArray, features: AudioFeatures) -> FloatArray:
    """Sound of normalised log-mel frames [n_mels, frames], [samples]."""
    magnitudes = MelInversion(features).process(features.denormalise(S).T)
    stream = StreamingGriffinLim(features.n_fft, features.hop_length)
    return np.concatenate([stream.process(magnitudes), stream.flush()])


def _levelled(y: FloatArray, sample_rate: int) -> FloatArray:
    fade = min(round(_FADE_SECONDS * sample_rate), y.size // 2)
    y = y * (_PEAK / max(float(np.abs(y).max(initial=0.0)), 1e-9))
    rise = np.linspace(0.0, 1.0, fade, dtype=np.float32)
    y[:fade] *= rise
    y[y.size - fade :] *= rise[::-1]
    return y
