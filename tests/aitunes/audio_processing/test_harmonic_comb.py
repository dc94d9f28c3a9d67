"""The live twin of the harmonic decoder's renderer."""

import numpy as np
import pytest

from aitunes.audio_processing.harmonic_comb import HarmonicComb
from aitunes.features import AudioFeatures

POINTS, HARMONICS = 64, 32
SIZES = [(1024, 128), (2048, 256)]


def features_of(size):
    return AudioFeatures(n_fft=size[0], hop_length=size[1], scale="linear", db_range=(-60.0, 60.0))


def drawings(rng, count):
    return (0.7 * rng.standard_normal((count, 2 * POINTS + HARMONICS + 1))).astype(np.float32)


@pytest.mark.parametrize("size", SIZES)
def test_it_draws_what_the_network_module_draws(size, rng):
    torch = pytest.importorskip("torch", reason="pip install aitunes[training]")
    from aitunes.modules.conditional import pitch_and_level
    from aitunes.modules.harmonic import HarmonicVAE

    features = features_of(size)
    model = HarmonicVAE(features, 4, pitch_and_level(36.0, 96.0), (16,), POINTS, HARMONICS).eval()
    outlines = drawings(rng, 60)
    outlines[:, -1] = rng.uniform(-7.0, 7.0, 60)  # from no stiffness to a string of wood
    pitch, level = rng.uniform(36.0, 96.0, (60, 1)), rng.uniform(-60.0, 0.0, (60, 1))
    conditions = torch.from_numpy(np.concatenate([pitch, level], axis=1).astype(np.float32))
    model.outline = lambda z, conditions: torch.from_numpy(outlines)
    with torch.no_grad():
        expected = features.denormalise(model.decode(torch.zeros(60, 4), conditions).numpy())
    comb = HarmonicComb(features, POINTS, HARMONICS)
    drawn = comb.magnitudes(outlines, pitch.astype(np.float32), level.astype(np.float32))
    assert drawn.shape == expected.shape == (60, features.bins, 1)
    audible = (drawn > 0) & (expected > 0)
    assert np.abs(20.0 * np.log10(drawn[audible] / expected[audible])).max() < 0.1
    # A bin at the floor of the range is silent here or there; no more of one in ten thousand.
    assert ((drawn > 0) != (expected > 0)).mean() < 1e-4


def test_a_harmonic_stands_where_the_pitch_is(rng):
    features = features_of(SIZES[1])
    comb = HarmonicComb(features, POINTS, HARMONICS)
    outline = np.zeros((1, comb.width), np.float32)
    outline[:, POINTS : 2 * POINTS] = -3.0
    outline[:, -1] = -6.0
    drawn = comb.magnitudes(outline, np.array([[69.0]], np.float32), np.array([[0.0]], np.float32))[0, :, 0]
    bins = 440.0 * features.n_fft / features.sample_rate * np.arange(1, 6)
    for place in bins:
        near = drawn[int(place) - 8 : int(place) + 9]
        assert int(place) - 8 + near.argmax() == round(place)


@pytest.mark.parametrize("poison", [np.nan, np.inf])
def test_a_drawing_that_is_not_finite_is_silent_and_alone_in_it(poison, rng):
    comb = HarmonicComb(features_of(SIZES[0]), POINTS, HARMONICS)
    outlines = drawings(rng, 3)
    outlines[1, POINTS + 5] = poison
    drawn = comb.magnitudes(outlines, np.full((3, 1), 60.0, np.float32), np.zeros((3, 1), np.float32))
    assert not drawn[1].any()
    assert drawn[0].any()
    assert drawn[2].any()


@pytest.mark.parametrize("pitch", [-1e6, -200.0, 0.0, 300.0, 1e6])
def test_any_pitch_ends_with_finite_magnitudes(pitch, rng):
    comb = HarmonicComb(features_of(SIZES[0]), POINTS, HARMONICS)
    drawn = comb.magnitudes(drawings(rng, 1), np.array([[pitch]], np.float32), np.zeros((1, 1), np.float32))
    assert np.isfinite(drawn).all()
