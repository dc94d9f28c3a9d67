import numpy as np
import pytest

from aitunes.audio_generation.noises import filtered_noise
from aitunes.audio_generation.timbres import instrument_tone
from aitunes.features import AudioFeatures
from training.ordering import fullness, lowest_partial, order_targets

FEATURES = AudioFeatures(f_min=30.0, f_max=16_000.0, db_range=(-60.0, 10.0))


def frame(y):
    return FEATURES.analyse(0.5 * y).mean(axis=1)


def test_the_lowest_partial_rises_with_pitch_whatever_the_brightness():
    tones = [[frame(instrument_tone(hz, 0.1, bright)) for hz in (150, 300, 600, 1200, 2400)] for bright in (0.1, 0.9)]
    dull, bright = (lowest_partial(np.array(row)) for row in tones)
    assert np.all(np.diff(dull) > 3)
    assert np.allclose(dull, bright, atol=1.0)


def test_fullness_rises_from_sine_to_bright_tone_to_noise():
    noise = filtered_noise(np.random.default_rng(1), 2000.0, 0.1, width_octaves=8.0)
    frames = np.array([frame(instrument_tone(300, 0.1, b)) for b in (0.0, 0.4, 0.8)] + [frame(noise)])
    assert np.all(np.diff(fullness(frames)) > 0)


def test_targets_are_even_centred_and_as_wide_as_asked(rng):
    targets = order_targets(rng.random((500, 40, 2), dtype=np.float32) ** 4, (4.0, 2.0))
    assert np.allclose(targets.mean(axis=0), 0.0, atol=1e-3)
    assert np.allclose(targets.std(axis=0), [4.0, 2.0], rtol=1e-3)
    assert np.allclose(np.diff(np.sort(targets, axis=0), axis=0), np.ptp(targets, axis=0) / 499, rtol=1e-2)


def test_silence_has_a_place_too():
    assert np.isfinite(order_targets(np.zeros((3, 128, 1), np.float32), (1.0, 1.0))).all()


@pytest.mark.parametrize("gain", [0.5, 2.0])
def test_the_lowest_partial_does_not_depend_on_loudness(gain):
    S = frame(instrument_tone(440.0, 0.1, 0.2))[None]
    louder = np.where(S > 0.3, S + 20 * np.log10(gain) / 70, 0.0)
    assert lowest_partial(louder) == pytest.approx(lowest_partial(S), abs=0.5)
