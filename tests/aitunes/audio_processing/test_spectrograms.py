import numpy as np
import pytest

librosa = pytest.importorskip("librosa", reason="pip install aitunes[training]")

from aitunes.audio_processing.spectrograms import (  # noqa: E402
    RANGE_DB,
    SpectrogramError,
    analysis_features,
    centred_magnitudes,
    checked,
    from_decibels,
    mel_magnitudes,
    mel_of_mfcc,
    mfcc_of,
    to_decibels,
)
from aitunes.errors import InvalidFeaturesError  # noqa: E402

pytestmark = pytest.mark.training


@pytest.mark.filterwarnings("ignore:n_fft=:UserWarning")
@pytest.mark.parametrize("samples", [1, 511, 512, 10_000])
@pytest.mark.parametrize(("n_fft", "hop"), [(2048, 512), (1024, 128)])
def test_frames_are_librosas_centred_ones(rng, samples, n_fft, hop):
    y = rng.normal(0, 0.3, samples).astype(np.float32)
    S = centred_magnitudes(y, analysis_features(22_050, n_fft=n_fft, hop_length=hop))
    expected = np.abs(librosa.stft(y, n_fft=n_fft, hop_length=hop, pad_mode="constant"))
    assert S.shape == expected.shape
    assert np.abs(S - expected).max() < 1e-4 * expected.max()


def test_mel_bands_are_librosas_of_magnitudes(rng):
    y = rng.normal(0, 0.3, 9_000).astype(np.float32)
    S = mel_magnitudes(y, analysis_features(22_050, n_mels=64, f_min=50.0, f_max=9_000.0))
    expected = librosa.feature.melspectrogram(
        y=y, sr=22_050, n_fft=2048, hop_length=512, n_mels=64, fmin=50, fmax=9_000, power=1.0, pad_mode="constant"
    )
    assert np.abs(S - expected).max() < 1e-4 * expected.max()


def test_a_click_shows_in_the_frame_that_is_centred_on_it():
    y = np.zeros(8_192, np.float32)
    y[10 * 512] = 1.0
    S = centred_magnitudes(y, analysis_features(22_050))
    assert S.sum(axis=0).argmax() == 10


def test_decibels_come_back_and_stop_at_the_range(rng):
    S = rng.uniform(1.0, 1000.0, (5, 7)).astype(np.float32)
    assert np.allclose(from_decibels(to_decibels(S)), S, rtol=1e-4)
    S[0, 0] = 0.0
    assert to_decibels(S).min() == pytest.approx(to_decibels(S).max() - RANGE_DB, abs=1e-3)
    assert np.isfinite(to_decibels(np.zeros((2, 2)))).all()


def test_as_many_mfccs_as_bands_lose_nothing_and_fewer_smooth(rng):
    log_mel = to_decibels(rng.uniform(0.5, 2.0, (40, 9)))
    assert np.allclose(mel_of_mfcc(mfcc_of(log_mel, 40), 40), from_decibels(log_mel), rtol=1e-3)
    smooth = to_decibels(mel_of_mfcc(mfcc_of(log_mel, 5), 40))
    assert np.abs(np.diff(smooth, axis=0)).mean() < 0.3 * np.abs(np.diff(log_mel, axis=0)).mean()
    assert np.allclose(smooth.mean(axis=0), log_mel.mean(axis=0), atol=1e-3)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"n_mel": 3}, "no setting n_mel; choose from n_fft"),
        ({"hop_length": 300}, "divide n_fft"),
        ({"f_max": 20_000.0}, "half the sample rate"),
    ],
)
def test_impossible_settings_are_refused(settings, sentence):
    with pytest.raises(InvalidFeaturesError, match=sentence):
        analysis_features(22_050, **settings)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ([[1.0]], "1 axis"),
        ([], "1 axis"),
        (["a"], "array of numbers"),
        ([1j], "array of numbers"),
        ([np.inf], "no numbers"),
    ],
)
def test_what_is_no_waveform_is_refused(values, sentence):
    with pytest.raises(SpectrogramError, match=sentence):
        checked(np.array(values), "It")


def test_impossible_numbers_of_mfccs_are_refused():
    with pytest.raises(SpectrogramError, match="1 to 40"):
        mfcc_of(np.zeros((40, 2), np.float32), 41)
    with pytest.raises(SpectrogramError, match="as many mel bands"):
        mel_of_mfcc(np.zeros((41, 2), np.float32), 40)
