import numpy as np
import pytest

pytest.importorskip("torch", reason="pip install aitunes[training]")

from aitunes.modules.variational import VariationalAutoencoder
from aitunes.release.card import LatentSpace
from training.evaluate import codes_of
from training.landmarks import find_landmarks, map_png, pad_codes, pad_positions
from training.prepare import PreparedData

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


def test_landmarks_are_one_middle_patch_of_each_of_evenly_spread_clips(latent, rng):
    data = PreparedData(
        S=rng.random((60, 12, 1), dtype=np.float32),
        clips=np.repeat(np.arange(20), 3),
        labels=np.array([f"label {n % 4}" for n in range(20)]),
        names=np.array([f"clip {n}" for n in range(20)]),
    )
    model = VariationalAutoencoder((12, 1), 5, (8,)).eval()
    marks = find_landmarks(model, data, latent, most=5)
    assert marks.sources.tolist() == ["clip 0", "clip 5", "clip 10", "clip 14", "clip 19"]
    assert np.allclose(marks.codes, codes_of(model, data.S[[1, 16, 31, 43, 58]]), atol=1e-6)
    assert map_png(marks, latent, "A map") == map_png(marks, latent, "A map")
