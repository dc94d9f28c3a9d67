import numpy as np
import pytest

from aitunes.audio_generation.noises import filtered_noise
from aitunes.audio_generation.timbres import VOWELS, fm_bell, instrument_tone, plucked_string, vowel_tone
from aitunes.errors import InvalidSoundError

SAMPLE_RATE = 44_100


def spectrum(y):
    """Frequencies in Hz and power of a waveform."""
    return np.fft.rfftfreq(y.size, 1 / SAMPLE_RATE), np.abs(np.fft.rfft(y * np.hanning(y.size))) ** 2


def centroid_hz(y):
    hz, power = spectrum(y)
    return (hz * power).sum() / power.sum()


def share_between(y, low, high):
    hz, power = spectrum(y)
    return power[(hz >= low) & (hz <= high)].sum() / power.sum()


@pytest.mark.parametrize(
    "make",
    [
        lambda amplitude: instrument_tone(200.0, 0.5, 0.5, amplitude=amplitude),
        lambda amplitude: fm_bell(200.0, 0.5, amplitude=amplitude),
        lambda amplitude: plucked_string(200.0, 0.5, amplitude=amplitude),
        lambda amplitude: vowel_tone(200.0, 0.5, amplitude=amplitude),
        lambda amplitude: filtered_noise(np.random.default_rng(1), 900.0, 0.5, amplitude=amplitude),
    ],
)
def test_amplitude_is_the_peak(make):
    y = make(0.4)
    assert y.shape == (22_050,)
    assert y.dtype == np.float32
    assert 0.3 < np.abs(y).max() <= 0.4 + 1e-6


def test_brightness_raises_the_spectral_centroid():
    centroids = [centroid_hz(instrument_tone(200.0, 0.3, brightness)) for brightness in (0.0, 0.3, 0.6, 1.0)]
    assert np.all(np.diff(centroids) > 0)


def test_stiffness_stretches_the_partials():
    hz, power = spectrum(instrument_tone(200.0, 1.0, 1.0, inharmonicity=0.01))
    band = (hz > 1000) & (hz < 1200)
    # The fifth partial of 200 Hz at B = 0.01 lies at 1000 √1.25.
    assert hz[band][power[band].argmax()] == pytest.approx(1118.0, abs=2.0)


def test_a_harmonic_tone_holds_nothing_between_its_partials():
    assert share_between(instrument_tone(500.0, 1.0, 1.0), 600.0, 900.0) < 1e-6


def test_a_bell_has_sidebands_at_its_modulators_distance():
    y = fm_bell(1000.0, 1.0, ratio=0.3, index=1.0, decay_seconds=10.0)
    assert share_between(y, 1280.0, 1320.0) > 0.05
    assert share_between(y, 1100.0, 1200.0) < 1e-3


def test_a_bell_mellows_as_it_rings():
    y = fm_bell(400.0, 2.0, ratio=1.4, index=6.0, decay_seconds=0.5)
    assert centroid_hz(y[:22_050]) > 1.3 * centroid_hz(y[-22_050:])


def test_a_very_high_bell_does_not_alias():
    assert share_between(fm_bell(9_000.0, 0.5, ratio=3.5, index=10.0), 0.0, 6_000.0) < 1e-3


def test_a_string_plucked_in_the_middle_lacks_even_partials():
    y = plucked_string(300.0, 1.0, position=0.5, inharmonicity=0.0)
    assert share_between(y, 580.0, 620.0) < 1e-4 * share_between(y, 280.0, 320.0)


def test_high_partials_of_a_string_die_first():
    y = plucked_string(200.0, 2.0, position=0.1)
    assert centroid_hz(y[:8_820]) > 1.5 * centroid_hz(y[-44_100:])


@pytest.mark.parametrize("vowel", VOWELS)
def test_a_vowels_formants_stand_out_of_the_sources_slope(vowel):
    hz, power = spectrum(vowel_tone(20.0, 2.0, vowel))
    # Against a source that falls by 6 dB an octave.
    levelled = power * hz**2
    for formant in VOWELS[vowel][:2]:
        near = (hz > 0.75 * formant) & (hz < 1.25 * formant)
        assert abs(hz[near][levelled[near].argmax()] - formant) < 41.0


def test_noise_stays_in_its_band():
    y = filtered_noise(np.random.default_rng(3), 2_000.0, 1.0, width_octaves=0.5)
    assert share_between(y, 1_400.0, 2_850.0) > 0.99


def test_noise_comes_from_the_generator_given():
    once, again, other = (filtered_noise(np.random.default_rng(n), 900.0, 0.1) for n in (5, 5, 6))
    assert np.array_equal(once, again)
    assert not np.array_equal(once, other)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: instrument_tone(200.0, 1.0, brightness=1.1), "Brightness must be in 0..1"),
        (lambda: instrument_tone(200.0, 1.0, inharmonicity=-1.0), "Inharmonicity"),
        (lambda: fm_bell(200.0, 1.0, index=50.0), "0..20"),
        (lambda: plucked_string(200.0, 1.0, position=0.0), "0 excluded"),
        (lambda: vowel_tone(200.0, 1.0, "y"), "choose from"),
        (lambda: filtered_noise(np.random.default_rng(0), 100.0, 1.0, width_octaves=0.0), "octaves"),
    ],
)
def test_impossible_timbres_are_refused_in_a_sentence(call, sentence):
    with pytest.raises(InvalidSoundError, match=sentence):
        call()
