import numpy as np
import pytest

from aitunes.audio_processing.levels import Levels, level_frames
from aitunes.features import stft_magnitudes

N_FFT, HOP = 1024, 256


def rms_of_frames(magnitudes):
    """Return what a steady sound of these magnitudes would have, by resynthesis of one frame, [frames]."""
    frames = np.fft.irfft(magnitudes, axis=0)
    return np.sqrt((frames**2).sum(axis=0) / (N_FFT * 0.375))


def decaying_tone(rate_db_per_second):
    t = np.arange(44_100) / 44_100
    return np.sin(2 * np.pi * 1000 * t) * 10 ** (-rate_db_per_second * t / 20)


def test_the_loudest_frame_gets_the_wanted_level_whatever_the_clips_was():
    for gain in (1.0, 1e-3):
        magnitudes = stft_magnitudes(gain * decaying_tone(20.0), N_FFT, HOP)
        levels = rms_of_frames(level_frames(magnitudes, Levels(loudest_rms=0.2)))
        assert levels.max() == pytest.approx(0.2, rel=1e-3)


def test_the_range_of_levels_shrinks_to_the_share_wanted():
    kept = level_frames(stft_magnitudes(decaying_tone(30.0), N_FFT, HOP), Levels(dynamics=0.3))
    span = np.ptp(20 * np.log10(rms_of_frames(kept)))
    whole = np.ptp(20 * np.log10(rms_of_frames(stft_magnitudes(decaying_tone(30.0), N_FFT, HOP))))
    assert span == pytest.approx(0.3 * whole, rel=0.01)


def test_quiet_frames_are_dropped():
    magnitudes = stft_magnitudes(decaying_tone(80.0), N_FFT, HOP)
    kept = level_frames(magnitudes, Levels(drop_below_db=40.0)).shape[1]
    assert kept == pytest.approx(0.5 * magnitudes.shape[1], abs=3)


def test_of_silence_nothing_is_kept():
    assert level_frames(np.zeros((513, 9), np.float32), Levels()).shape == (513, 0)
