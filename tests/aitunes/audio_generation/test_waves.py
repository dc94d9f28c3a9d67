import numpy as np
import pytest

from aitunes.audio_generation.waves import bouncing_wave, frequency_modulated, sine_wave, sweep
from aitunes.errors import InvalidSoundError

SAMPLE_RATE = 44_100


def peaks_hz(y, count):
    """The strongest frequencies of a waveform, rising, Hz."""
    spectrum = np.abs(np.fft.rfft(y * np.hanning(y.size)))
    tops = np.flatnonzero((spectrum[1:-1] > spectrum[:-2]) & (spectrum[1:-1] >= spectrum[2:])) + 1
    strongest = tops[np.argsort(spectrum[tops])[-count:]]
    return np.sort(strongest) * SAMPLE_RATE / y.size


def frequency_course(y):
    """Frequency from zero crossing to zero crossing, Hz."""
    upward = np.flatnonzero((y[:-1] < 0) & (y[1:] >= 0))
    exact = upward + y[upward] / (y[upward] - y[upward + 1])
    return SAMPLE_RATE / np.diff(exact)


def test_every_frequency_of_a_mix_is_heard():
    y = sine_wave([220.0, 330.0, 1000.0], 1.0)
    assert np.allclose(peaks_hz(y, 3), [220.0, 330.0, 1000.0], atol=1.0)


def test_amplitude_bounds_the_sum():
    assert np.abs(sine_wave([200.0, 400.0, 600.0], 0.5, amplitude=0.8)).max() <= 0.8
    assert np.abs(sine_wave(441.0, 0.5, amplitude=0.8)).max() == pytest.approx(0.8, abs=1e-4)


def test_partials_beyond_half_the_sample_rate_are_silent():
    assert not sine_wave(30_000.0, 0.1).any()


def test_both_ends_fade_from_and_to_silence():
    y = sine_wave(1000.0, 0.2, fade_seconds=0.02)
    assert y[0] == 0.0
    assert np.abs(y[-20:]).max() < 0.01
    assert np.abs(y[:441]).max() < np.abs(y[882:-882]).max()


@pytest.mark.parametrize(("start", "end"), [(200.0, 1600.0), (1600.0, 200.0)])
def test_a_sweep_covers_equal_intervals_in_equal_times(start, end):
    course = frequency_course(sweep(start, end, 2.0, fade_seconds=0.0))
    seconds = np.cumsum(1.0 / course)
    assert np.allclose(course, start * (end / start) ** (seconds / 2.0), rtol=0.02)


def test_a_bouncing_wave_returns_after_its_period():
    course = frequency_course(bouncing_wave(300.0, 900.0, 0.5, 1.0, fade_seconds=0.0))
    seconds = np.cumsum(1.0 / course)
    at = [np.interp(t, seconds, course) for t in (0.02, 0.25, 0.5, 0.75)]
    assert np.allclose(at, [300.0, 900.0, 300.0, 900.0], rtol=0.03)


def test_a_gliding_phase_never_jumps():
    y = frequency_modulated(np.repeat([200.0, 3000.0], 5000), fade_seconds=0.0, amplitude=1.0)
    assert np.abs(np.diff(y)).max() <= 2 * np.pi * 3000.0 / SAMPLE_RATE


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: sine_wave(440.0, 0.0), "at least one sample"),
        (lambda: sine_wave(-1.0, 1.0), "above 0 Hz"),
        (lambda: sine_wave(float("nan"), 1.0), "above 0 Hz"),
        (lambda: sine_wave(440.0, 1.0, amplitude=1.5), "0..1"),
        (lambda: sine_wave(440.0, 1.0, fade_seconds=-1.0), "fade"),
        (lambda: sweep(100.0, 30_000.0, 1.0), "below half the sample rate"),
        (lambda: bouncing_wave(100.0, 200.0, 0.0, 1.0), "period"),
    ],
)
def test_impossible_sounds_are_refused_in_a_sentence(call, sentence):
    with pytest.raises(InvalidSoundError, match=sentence):
        call()
