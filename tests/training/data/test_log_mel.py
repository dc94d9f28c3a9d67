import numpy as np
import pytest

librosa = pytest.importorskip("librosa", reason="pip install aitunes[training]")
soundfile = pytest.importorskip("soundfile")

from aitunes.features import AudioFeatures  # noqa: E402
from training.data.log_mel import LogMel  # noqa: E402

pytestmark = pytest.mark.training

SIZES = [(22_050, 1024, 256, 40), (44_100, 2048, 512, 256), (44_100, 1024, 128, 128)]


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize(("rate", "channels"), [(22_050, 1), (44_100, 2), (48_000, 1)])
def test_frames_are_librosas(sizes, rate, channels, tmp_path, rng):
    features = AudioFeatures(*sizes, 30.0, sizes[0] / 2)
    soundfile.write(tmp_path / "a.wav", 0.1 * rng.standard_normal((rate, channels)), rate)
    y, _ = librosa.load(tmp_path / "a.wav", sr=features.sample_rate)
    mel = librosa.feature.melspectrogram(
        y=y, sr=sizes[0], n_fft=sizes[1], hop_length=sizes[2], n_mels=sizes[3], fmin=30.0, power=1.0, center=False
    )
    theirs = features.normalise(mel).T
    ours = LogMel(features).of_file(tmp_path / "a.wav")
    assert abs(len(ours) - len(theirs)) <= 1
    count = min(len(ours), len(theirs))
    assert np.abs(ours[:count] - theirs[:count]).max() < 1e-4


def test_long_files_are_read_in_pieces_that_leave_no_seam(tmp_path, rng):
    features = AudioFeatures(22_050, 1024, 256, 40, 30.0, 11_025.0)
    soundfile.write(tmp_path / "a.wav", 0.1 * rng.standard_normal(48_000), 24_000)
    whole = LogMel(features).of_file(tmp_path / "a.wav")
    pieces = LogMel(features, block_seconds=0.031).of_file(tmp_path / "a.wav")
    assert pieces.shape == whole.shape
    assert np.abs(pieces - whole).max() < 1e-4


def test_frames_are_those_of_the_instrument(rng):
    features = AudioFeatures()
    y = rng.standard_normal(5_000).astype(np.float32)
    assert np.abs(LogMel(features).frames(y).T - features.analyse(y)).max() < 1e-5
    assert LogMel(features).frames(y[:100]).shape == (0, 128)
