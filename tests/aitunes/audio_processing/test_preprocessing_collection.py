import numpy as np
import pytest

pytest.importorskip("scipy", reason="pip install aitunes[training]")

from aitunes.audio_processing import PreprocessingCollection as Steps
from aitunes.audio_processing.preprocessing_collection import PADDING_MODES, PreprocessingError

RATE = 44_100


@pytest.mark.parametrize("mode", PADDING_MODES)
@pytest.mark.parametrize(("side", "first"), [("right", 0), ("left", 5), ("both", 2)])
def test_padding_keeps_the_signal_and_lengthens_it_on_its_side(mode, side, first):
    y = np.array([1.0, 2.0, 3.0])
    padded = Steps.apply_padding(y, 8, mode, side)
    assert padded.shape == (8,)
    assert np.array_equal(padded[first : first + 3], y)


@pytest.mark.parametrize(
    ("mode", "expected"),
    [("constant", [0, 0]), ("edge", [3, 3]), ("reflect", [2, 1]), ("symmetric", [3, 2]), ("wrap", [1, 2])],
)
def test_the_mode_says_what_is_added(mode, expected):
    assert Steps.apply_padding(np.array([1, 2, 3]), 5, mode)[3:].tolist() == expected


def test_a_signal_that_is_long_enough_stays_as_it_is():
    y = np.arange(5.0)
    assert np.array_equal(Steps.apply_padding(y, 5), y)
    assert np.array_equal(Steps.apply_padding(y, 3), y)


def test_channels_are_padded_in_time_only():
    assert Steps.apply_padding(np.ones((2, 3)), 7, padding_side="both").shape == (2, 7)


@pytest.mark.parametrize("bounds", [(0.0, 1.0), (-1.0, 1.0), (5.0, 7.0)])
def test_normalising_reaches_both_bounds_and_denormalising_undoes_it(rng, bounds):
    array = rng.normal(3.0, 10.0, (4, 50)).astype(np.float32)
    normal = Steps.normalise(array, *bounds)
    assert (normal.min(), normal.max()) == pytest.approx(bounds)
    assert np.allclose(Steps.denormalise(normal, array.min(), array.max()), array, atol=1e-4)
    part = normal[:, :5]
    assert np.allclose(Steps.denormalise(part, array.min(), array.max(), *bounds), array[:, :5], atol=1e-4)


@pytest.mark.parametrize("value", [0.0, -3.5, 1e6])
def test_a_constant_array_becomes_the_middle_and_comes_back(value):
    array = np.full((2, 3), value, np.float32)
    normal = Steps.normalise(array, -1.0, 3.0)
    assert np.array_equal(normal, np.full((2, 3), 1.0))
    assert np.allclose(Steps.denormalise(normal, value, value), array)
    assert np.allclose(Steps.denormalise(normal, value, value, -1.0, 3.0), array)


def test_whole_numbers_are_normalised_without_overflow():
    assert Steps.normalise(np.array([-32768, 0, 32767], np.int16), -1.0, 1.0)[[0, 2]].tolist() == [-1.0, 1.0]


def gain_db(step, hz, cutoff, order):
    y = np.sin(2 * np.pi * hz * np.arange(RATE) / RATE)
    out = step(y, RATE, cutoff, order)
    return 20 * np.log10(np.sqrt((out[RATE // 2 :] ** 2).mean()) / np.sqrt(0.5))


@pytest.mark.parametrize("order", [1, 2, 5, 8])
@pytest.mark.parametrize(
    ("step", "octave_up", "octave_down"),
    [(Steps.apply_lowpass_filter, True, False), (Steps.apply_highpass_filter, False, True)],
)
def test_a_filter_has_butterworths_gain_at_below_and_above_its_frequency(step, octave_up, octave_down, order):
    # 1 / sqrt(1 + r^2n), n the order, r the ratio of frequencies; here far below half the sample rate.
    stopped = -10 * np.log10(1 + 2.0 ** (2 * order))
    passed = -10 * np.log10(1 + 0.5 ** (2 * order))
    assert gain_db(step, 500, 500, order) == pytest.approx(-3.01, abs=0.05)
    assert gain_db(step, 1000, 500, order) == pytest.approx(stopped if octave_up else passed, abs=0.3)
    assert gain_db(step, 250, 500, order) == pytest.approx(stopped if octave_down else passed, abs=0.3)


def test_a_steep_filter_at_a_low_frequency_stays_stable():
    out = Steps.apply_lowpass_filter(np.ones(4 * RATE), RATE, 20.0, 16)
    assert np.isfinite(out).all()
    assert out[-1] == pytest.approx(1.0, abs=1e-2)


def test_filters_keep_shape_and_give_float32(rng):
    y = rng.normal(size=(2, 1_000))
    for step in (Steps.apply_lowpass_filter, Steps.apply_highpass_filter):
        out = step(y, RATE, 1_000)
        assert (out.shape, out.dtype) == ((2, 1_000), np.float32)
        assert np.allclose(out[1], step(y[1], RATE, 1_000))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: Steps.apply_padding(np.ones(2), 4, "sideways"), "padding mode is one of constant"),
        (lambda: Steps.apply_padding(np.ones(2), 4, padding_side="top"), "right, left, both"),
        (lambda: Steps.apply_padding(np.ones(0), 4, "edge"), "nothing to pad with"),
        (lambda: Steps.normalise(np.ones(0)), "at least one"),
        (lambda: Steps.normalise(np.array([1.0, np.nan])), "finite"),
        (lambda: Steps.normalise(np.ones(3), 1.0, 1.0), "min_val must be below max_val"),
        (lambda: Steps.denormalise(np.arange(3), 1.0, 0.0), "must not exceed"),
        (lambda: Steps.denormalise(np.arange(3), 0.0, 1.0, 5.0, 4.0), "norm_min must be below"),
        (lambda: Steps.apply_lowpass_filter(np.ones(9), RATE, 22_050), "below half the sample rate"),
        (lambda: Steps.apply_highpass_filter(np.ones(9), RATE, 0), "above 0"),
        (lambda: Steps.apply_highpass_filter(np.ones(9), RATE, 100, 0), "order must be 1 to 20"),
    ],
)
def test_impossible_steps_are_refused_in_a_sentence(call, sentence):
    with pytest.raises(PreprocessingError, match=sentence):
        call()
