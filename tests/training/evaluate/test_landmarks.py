import numpy as np
import pytest

pytest.importorskip("torch", reason="pip install aitunes[training]")

from aitunes.modules.conditional import ConditionalVAE, pitch_and_level
from aitunes.modules.variational import VariationalAutoencoder
from aitunes.release.card import LatentSpace
from aitunes.release.reader import Landmarks
from training.data.corpus import Corpus, Part
from training.evaluate.inference import codes_of
from training.evaluate.landmarks import find_landmarks, map_png, pad_codes, pad_positions

pytestmark = pytest.mark.training


@pytest.fixture
def latent(rng):
    return LatentSpace.from_codes(rng.standard_normal((500, 5)) * [3.0, 2.0, 1.0, 0.5, 0.2] + 1.0)


def test_pad_positions_undo_pad_codes(latent, rng):
    points = rng.random((50, 2))
    assert np.allclose(pad_positions(pad_codes(points, latent), latent), points, atol=1e-5)


def test_positions_stay_on_the_pad_for_codes_far_away(latent, rng):
    positions = pad_positions(rng.standard_normal((200, 5)).astype(np.float32) * 100.0, latent)
    assert positions.min() == 0.0
    assert positions.max() == 1.0


def corpus_of(rng, conditions):
    """20 tracks of 3 segments; the last 2 are held out."""
    names = np.repeat([f"track {n:02d}" for n in range(20)], 3)
    labels = np.repeat([f"label {n % 4}" for n in range(20)], 3)
    whole = Part(rng.random((60, 12, 1), dtype=np.float32), labels, names, conditions)
    return Corpus("noise", "CC0-1.0", "", 20, whole.of(np.arange(54)), whole.of(np.arange(54, 60)))


def test_landmarks_are_training_segments_spread_evenly(rng):
    model, corpus = VariationalAutoencoder((12, 1), 5, (8,)).eval(), corpus_of(rng, None)
    codes, labels, names = find_landmarks(model, corpus, 5)
    assert names.tolist() == ["track 00", "track 04", "track 08", "track 13", "track 17"]
    assert labels.tolist() == ["label 0", "label 0", "label 0", "label 1", "label 1"]
    assert np.allclose(codes, codes_of(model, corpus.train.S[[0, 13, 26, 40, 53]]), atol=1e-6)


def test_a_note_is_one_landmark_the_mean_of_its_loud_segments(rng):
    levels = np.tile([0.0, -10.0, -40.0], 20).astype(np.float32)
    model = ConditionalVAE((12, 1), 5, pitch_and_level(40.0, 90.0), (8,)).eval()
    corpus = corpus_of(rng, np.stack([np.full(60, 60.0, np.float32), levels], axis=1))
    codes, labels, names = find_landmarks(model, corpus)
    assert names.tolist() == [f"track {n:02d}" for n in range(20)]
    assert labels[:5].tolist() == ["label 0", "label 1", "label 2", "label 3", "label 0"]
    assert np.allclose(codes[2], codes_of(model, corpus.train.S[[6, 7]]).mean(axis=0), atol=1e-6)


def test_a_map_is_the_same_picture_every_time(latent, rng):
    codes = rng.standard_normal((20, 5)).astype(np.float32)
    labels = np.array([f"label {n % 4}" for n in range(20)])
    marks = Landmarks(codes, pad_positions(codes, latent), labels, labels)
    assert map_png(marks, latent, "A map") == map_png(marks, latent, "A map")
