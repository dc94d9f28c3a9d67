import numpy as np
import pytest

pytest.importorskip("joblib", reason="pip install aitunes[training]")

from aitunes.audio_generation.clips import Clip
from aitunes.audio_generation.sinewave import sinewave_clip
from aitunes.audio_processing.levels import Levels
from aitunes.errors import TrainingError
from aitunes.features import AudioFeatures
from training.data.prepare import cut_segments, prepare, split_clips

pytestmark = pytest.mark.training

FEATURES = AudioFeatures(n_mels=40, f_min=100.0)


def silent_clip(index, seed):
    return Clip(np.zeros(4096, np.float32), "silence", f"silence-{index}")


def test_workers_do_not_change_the_data():
    one, two = (prepare(sinewave_clip, 6, 3, FEATURES, workers=workers) for workers in (1, 2))
    assert np.array_equal(one.S, two.S)
    assert one.hash == two.hash


def test_the_hash_tells_seeds_apart():
    assert prepare(sinewave_clip, 2, 3, FEATURES, workers=1).hash != prepare(sinewave_clip, 2, 4, FEATURES).hash


def test_items_know_their_clip():
    data = prepare(sinewave_clip, 5, 0, FEATURES, segments_per_clip=7, workers=1)
    assert data.S.shape == (35, 40, 1)
    third = cut_segments(sinewave_clip(2, 0).y, FEATURES, Levels(), 7)
    assert np.array_equal(data.S[data.clips == 2], third)
    assert data.labels[2] == sinewave_clip(2, 0).label


@pytest.mark.parametrize("frames", [1, 4, 9])
def test_segments_of_many_frames_are_consecutive(frames, rng):
    y = rng.standard_normal(6000).astype(np.float32)
    features = AudioFeatures(n_mels=40, f_min=100.0, frames=frames)
    keep_all = Levels(drop_below_db=200.0)
    whole = cut_segments(y, FEATURES, keep_all, 1000)[:, :, 0].T
    segments = cut_segments(y, features, keep_all, 1000)
    assert segments.shape[0] == whole.shape[1] // frames
    assert np.allclose(np.concatenate(list(segments), axis=1), whole[:, : len(segments) * frames], atol=1e-6)


def test_a_data_set_of_silence_is_refused():
    with pytest.raises(TrainingError, match="None of the 3 clips"):
        prepare(silent_clip, 3, 0, FEATURES, workers=1)


def test_the_split_is_disjoint_complete_and_stratified():
    labels = np.array(["a"] * 40 + ["b"] * 20 + ["c"])
    train, held = split_clips(labels, 0.1, seed=1)
    assert np.array_equal(np.sort(np.concatenate([train, held])), np.arange(61))
    assert [int((labels[held] == label).sum()) for label in "abc"] == [4, 2, 0]
    assert not np.array_equal(held, split_clips(labels, 0.1, seed=2)[1])
