import numpy as np
import pytest

from aitunes.audio_processing.mel_inversion import MelError, MelInversion
from aitunes.audio_processing.metrics import spectral_convergence
from aitunes.errors import AiTunesError
from aitunes.features import AudioFeatures, hann_window, stft_magnitudes

FEATURES = [
    AudioFeatures(),
    AudioFeatures(n_fft=512, hop_length=128, n_mels=40, f_min=300.0, f_max=8000.0),
    AudioFeatures(n_fft=2048, hop_length=256, n_mels=256, sample_rate=48_000),
]


def noise_frames(rng, features, count=6):
    y = rng.standard_normal(features.n_fft + count * features.hop_length)
    return stft_magnitudes(y, features.n_fft, features.hop_length).T


@pytest.mark.parametrize("features", FEATURES, ids=str)
def test_the_bands_of_the_answer_are_the_bands_asked_for(rng, features):
    mel = noise_frames(rng, features) @ features.filter_bank.T
    S = MelInversion(features).process(mel)
    assert S.shape == (len(mel), features.bins)
    assert S.dtype == np.float32
    assert S.min() >= 0
    assert spectral_convergence(S @ features.filter_bank.T, mel) < -40


@pytest.mark.parametrize("features", FEATURES, ids=str)
def test_every_update_lowers_the_divergence(rng, features):
    mel = noise_frames(rng, features) @ features.filter_bank.T

    def divergence(updates):
        reached = MelInversion(features, updates).process(mel) @ features.filter_bank.T
        inside = (mel > 0) & (reached > 0)
        m, r = mel[inside].astype(np.float64), reached[inside].astype(np.float64)
        return np.sum(m * np.log(m / r) - m + r)

    values = [divergence(updates) for updates in (0, 1, 2, 4)]
    assert values == sorted(values, reverse=True)
    assert values[-1] < 0.1 * values[0]


def test_an_update_is_lee_and_seungs(rng):
    features = FEATURES[1]
    W = features.filter_bank.astype(np.float64)
    mel = noise_frames(rng, features) @ W.T
    column = W.sum(axis=0)
    covered = column > 0
    expected = np.ones((len(mel), features.bins))
    for _ in range(4):  # the start is the step from magnitudes of one
        step = (mel / (expected @ W.T)) @ W / np.where(covered, column, 1.0)
        expected = np.where(covered, expected * step, 0.0)
    assert np.allclose(MelInversion(features, 3).process(mel), expected, rtol=1e-4)


def test_it_comes_closer_than_the_clipped_pseudo_inverse(rng):
    features = AudioFeatures(n_mels=80)
    t = np.arange(20_000) / features.sample_rate
    y = sum(np.sin(2 * np.pi * 220 * n * t) / n for n in range(1, 20))
    S = stft_magnitudes(y, features.n_fft, features.hop_length).T
    mel = S @ features.filter_bank.T
    pinv = np.maximum(mel @ np.linalg.pinv(features.filter_bank).T, 0)
    ours = MelInversion(features).process(mel)
    bank = features.filter_bank.T
    assert np.abs(np.log(ours @ bank + 1e-3) - np.log(mel + 1e-3)).mean() < 0.5 * (
        np.abs(np.log(pinv @ bank + 1e-3) - np.log(mel + 1e-3)).mean()
    )


def test_a_tone_stays_where_it_is():
    features = AudioFeatures()
    tone = np.sin(2 * np.pi * 4000 * np.arange(1024) / features.sample_rate)
    S = np.abs(np.fft.rfft(tone * hann_window(1024)))[np.newaxis]
    answer = MelInversion(features).process(S @ features.filter_bank.T)
    assert abs(int(answer.argmax()) - int(S.argmax())) <= 2


def test_silence_and_what_is_no_magnitude_are_silent(rng):
    features = FEATURES[0]
    mel = noise_frames(rng, features) @ features.filter_bank.T
    mel[2] = 0
    repaired = mel.copy()
    mel[3, 40:50] = [np.nan, np.inf, -np.inf, -1, 3e38] * 2
    repaired[3, 40:50] = 0
    S = MelInversion(features).process(mel)
    assert np.isfinite(S).all()
    assert not S[2].any()
    assert np.array_equal(S, MelInversion(features).process(repaired))


def test_bins_outside_every_band_are_silent(rng):
    features = FEATURES[1]
    S = MelInversion(features).process(rng.uniform(size=(2, 40)))
    hz = np.arange(features.bins) * features.sample_rate / features.n_fft
    assert not S[:, (hz < 300) | (hz > 8000)].any()
    assert (S[:, (hz > 400) & (hz < 7500)] > 0).all()


def test_frames_do_not_know_of_each_other(rng):
    inversion = MelInversion(FEATURES[0])
    mel = rng.exponential(size=(5, 128)).astype(np.float32)
    whole = inversion.process(mel)
    out = np.empty((1, 513), np.float32)
    for n in (3, 0, 4):
        assert inversion.process(mel[n : n + 1], out=out) is out
        assert np.array_equal(out[0], whole[n])


@pytest.mark.parametrize("shape", [(128,), (3, 127), (128, 3)])
def test_another_number_of_bands_is_refused(shape):
    with pytest.raises(AiTunesError, match=r"\[frames, 128\]"):
        MelInversion(FEATURES[0]).process(np.ones(shape))


def test_an_out_that_does_not_fit_is_refused():
    with pytest.raises(MelError, match=r"\[1, 513\]"):
        MelInversion(FEATURES[0]).process(np.ones((1, 128)), out=np.empty((1, 513)))


def test_a_negative_number_of_updates_is_refused():
    with pytest.raises(MelError, match="not -1"):
        MelInversion(FEATURES[0], updates=-1)
