import numpy as np
import pytest

from aitunes.errors import InvalidFeaturesError
from aitunes.features import AudioFeatures, mel_filter_bank, stft_magnitudes


@pytest.mark.training
@pytest.mark.parametrize("htk", [False, True])
@pytest.mark.parametrize(
    ("sample_rate", "n_fft", "n_mels", "f_min", "f_max"),
    [
        (44_100, 1024, 128, 20.0, 20_000.0),
        (22_050, 2048, 80, 0.0, 11_025.0),
        (48_000, 512, 40, 300.0, 9_000.0),
    ],
)
def test_filter_bank_equals_librosas(htk, sample_rate, n_fft, n_mels, f_min, f_max):
    librosa = pytest.importorskip("librosa", reason="pip install aitunes[training]")
    theirs = librosa.filters.mel(sr=sample_rate, n_fft=n_fft, n_mels=n_mels, fmin=f_min, fmax=f_max, htk=htk)
    ours = mel_filter_bank(sample_rate, n_fft, n_mels, f_min, f_max, htk=htk)
    assert np.abs(ours - theirs).max() < 1e-6


def test_the_sparse_filter_bank_is_the_filter_bank_without_its_zeros():
    features = AudioFeatures(n_fft=256, n_mels=100)  # whose lowest bands are narrower than a bin
    extents, weights = features.sparse_filter_bank
    dense, start = np.zeros_like(features.filter_bank), 0
    for row, (first, end) in zip(dense, extents, strict=True):
        row[first:end] = weights[start : start + end - first]
        start += end - first
    assert np.array_equal(dense, features.filter_bank)
    assert start == weights.size < dense.size


def test_normalise_and_denormalise_are_inverse_inside_the_range(rng):
    features = AudioFeatures()
    S = rng.uniform(0.01, 1.0, (128, 7)).astype(np.float32)
    assert np.allclose(features.normalise(features.denormalise(S)), S, atol=1e-5)


def test_silence_stays_silence():
    features = AudioFeatures()
    S = features.analyse(np.zeros(4096, np.float32))
    assert S.shape == (128, 25)
    assert not features.denormalise(S).any()


def test_a_full_scale_sine_peaks_at_half_the_window_sum():
    y = np.sin(2 * np.pi * 43 * np.arange(8192) / 1024)
    assert stft_magnitudes(y, 1024, 256)[43].mean() == pytest.approx(256, rel=1e-4)


def test_a_linear_scale_keeps_the_bins_of_the_transform(rng):
    features = AudioFeatures(scale="linear")
    y = 0.1 * rng.standard_normal(4096).astype(np.float32)
    assert features.bands == 513
    assert np.allclose(features.denormalise(features.analyse(y)), stft_magnitudes(y, 1024, 128), rtol=1e-3, atol=2e-4)


def test_dict_round_trip():
    features = AudioFeatures(frames=8, f_min=0.0)
    assert AudioFeatures.from_dict(features.as_dict()) == features


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"sample_rate": 0}, "sample_rate must be a whole number"),
        ({"n_fft": 1023, "hop_length": 341}, "n_fft must be even"),
        ({"hop_length": 300}, "must divide n_fft"),
        ({"hop_length": 1024}, "at most half"),
        ({"scale": "bark"}, "scale must be one of mel, linear"),
        ({"f_min": 9000.0, "f_max": 8000.0}, "must rise"),
        ({"f_max": 30_000.0}, "half the sample rate"),
        ({"db_range": (0.0, -80.0)}, "two rising numbers"),
        ({"db_range": (float("nan"), 0.0)}, "two rising numbers"),
        ({"n_mels": 600}, "more than the 513 bins"),
        ({"frames": 1.5}, "frames must be a whole number"),
    ],
)
def test_contradictions_are_refused_with_the_value(change, sentence):
    with pytest.raises(InvalidFeaturesError, match=sentence):
        AudioFeatures(**change)


def test_a_card_with_an_unknown_field_is_refused():
    with pytest.raises(InvalidFeaturesError, match="misspelt"):
        AudioFeatures.from_dict({**AudioFeatures().as_dict(), "hop": 3})


def test_too_short_a_waveform_is_refused():
    with pytest.raises(InvalidFeaturesError, match="at least 1024 samples"):
        AudioFeatures().analyse(np.zeros(1000))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("n_fft", 1 << 24),
        ("n_fft", 10**400),
        ("sample_rate", 10**18),
        ("frames", 1 << 40),
        ("n_mels", 1 << 15),
        ("hop_length", 1 << 20),
    ],
)
def test_values_that_no_memory_holds_are_refused(name, value):
    with pytest.raises(InvalidFeaturesError, match=f"{name} is at most"):
        AudioFeatures(**{name: value})


def test_a_filter_bank_that_no_memory_holds_is_refused():
    with pytest.raises(InvalidFeaturesError, match="filter bank"):
        AudioFeatures(n_fft=1 << 20, n_mels=1 << 14)
