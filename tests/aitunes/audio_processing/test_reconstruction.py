import numpy as np
import pytest

librosa = pytest.importorskip("librosa", reason="pip install aitunes[training]")

from aitunes.audio_processing.files import read_audio  # noqa: E402
from aitunes.audio_processing.mel_inversion import MelInversion  # noqa: E402
from aitunes.audio_processing.metrics import spectral_convergence  # noqa: E402
from aitunes.audio_processing.reconstruction import sound_of, sound_of_magnitudes, sound_of_mel  # noqa: E402
from aitunes.audio_processing.spectrograms import (  # noqa: E402
    SpectrogramError,
    analysis_features,
    centred_magnitudes,
    mel_magnitudes,
    mfcc_of,
    to_decibels,
)

pytestmark = pytest.mark.training

RATE = 22_050


def tones(seconds=1.0, rate=RATE):
    t = np.arange(round(seconds * rate)) / rate
    swell = 0.5 - 0.5 * np.cos(2 * np.pi * t / seconds)
    return (0.2 * swell * (np.sin(2 * np.pi * 440 * t) + np.sin(2 * np.pi * 1234 * t))).astype(np.float32)


@pytest.mark.parametrize("length", [None, 1, 5_000, 22_050, 30_000])
def test_the_length_is_the_one_wanted(length):
    features = analysis_features(RATE)
    S = centred_magnitudes(tones(), features)
    y = sound_of_magnitudes(S, features, length)
    assert y.shape == ((S.shape[1] - 1) * 512 if length is None else length,)
    assert np.isfinite(y).all()


@pytest.mark.parametrize(("n_fft", "hop"), [(2048, 512), (1024, 128), (1200, 240)])
def test_a_sound_comes_back_in_place_whatever_the_overlap(n_fft, hop):
    features = analysis_features(RATE, n_fft=n_fft, hop_length=hop, n_mels=80)
    y = tones()
    S = centred_magnitudes(y, features)
    again = centred_magnitudes(sound_of_magnitudes(S, features, y.size), features)
    assert spectral_convergence(again, S) < -20.0


@pytest.mark.parametrize("mode", ["spec", "log_spec", "mel", "log_mel"])
def test_every_spectrogram_gives_the_level_and_pitch_back(mode):
    features = analysis_features(RATE)
    y = tones()
    S = mel_magnitudes(y, features) if "mel" in mode else centred_magnitudes(y, features)
    again = sound_of(mode, to_decibels(S) if mode.startswith("log") else S, RATE, y.size)
    assert np.sqrt((again**2).mean()) == pytest.approx(np.sqrt((y**2).mean()), rel=0.15)
    power = np.abs(np.fft.rfft(again * np.hanning(again.size))) ** 2
    hz = np.fft.rfftfreq(again.size, 1 / RATE)
    near = (np.abs(hz - 440) < 20) | (np.abs(hz - 1234) < 20)
    assert power[near].sum() > 0.95 * power.sum()


def test_all_mfccs_give_what_the_mel_spectrogram_gives():
    features = analysis_features(RATE, n_mels=40)
    mel = mel_magnitudes(tones(), features)
    from_mfcc = sound_of("mfccs", mfcc_of(to_decibels(mel), 40), RATE, n_mels=40)
    wanted = to_decibels(mel)
    distance = to_decibels(mel_magnitudes(from_mfcc, features)) - wanted
    assert np.abs(distance[wanted > wanted.max() - 30.0]).mean() < 3.0


@pytest.mark.data
def test_mel_becomes_sound_at_least_as_well_as_by_a_hundred_offline_iterations(shared_data):
    scores = []
    for pattern in ("gtzan-mini/genres/*/*00000.wav", "loops/ambi/ambi_piano.flac", "notes/violin/*_071_*.flac"):
        for path in sorted(shared_data.glob(pattern)):
            y, rate = read_audio(path, RATE)
            y = y[: 3 * rate]
            features = analysis_features(rate)
            mel = mel_magnitudes(y, features)
            linear = MelInversion(features).process(mel.T).T
            theirs = librosa.griffinlim(linear, n_iter=100, hop_length=512, length=y.size, random_state=0)
            both = (sound_of_mel(mel, features, y.size), theirs)
            scores.append([spectral_convergence(mel_magnitudes(x, features), mel) for x in both])
    ours, theirs = np.mean(scores, axis=0)
    assert len(scores) == 5
    assert ours <= theirs
    assert np.max(scores, axis=0)[0] < -18.0


@pytest.mark.parametrize(
    ("mode", "data", "settings", "sentence"),
    [
        ("spec", -np.ones((1025, 4)), {}, "decibels are of mode 'log_spec'"),
        ("spec", np.ones((1025, 4)), {"n_fft": 1024}, "must have 513 rows"),
        ("mel", np.ones((64, 4)), {"n_mels": 128}, "must have 128 rows"),
        ("mel", np.ones(64), {}, "2 axes"),
        ("mfccs", np.ones((200, 4)), {}, "as many mel bands"),
    ],
)
def test_data_that_does_not_fit_its_mode_is_refused(mode, data, settings, sentence):
    with pytest.raises(SpectrogramError, match=sentence):
        sound_of(mode, data, RATE, **settings)
