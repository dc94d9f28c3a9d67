import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="pip install aitunes[training]")

from aitunes.features import AudioFeatures  # noqa: E402
from aitunes.modules.losses import LevelLoss, kl_divergence, multi_resolution_error, squared_error  # noqa: E402

pytestmark = pytest.mark.training


def test_kl_of_a_standard_normal_is_zero():
    assert torch.equal(kl_divergence(torch.zeros(5, 3), torch.zeros(5, 3)), torch.zeros(3))


def test_kl_equals_torchs_own(rng):
    mean, log_var = (torch.from_numpy(rng.standard_normal((6, 4))) for _ in range(2))
    ours = kl_divergence(mean, log_var)
    normal = torch.distributions.Normal
    theirs = torch.distributions.kl_divergence(normal(mean, torch.exp(0.5 * log_var)), normal(0.0, 1.0))
    assert torch.allclose(ours, theirs.mean(dim=0))


def test_squared_error_sums_over_the_patch_and_averages_over_the_batch():
    assert squared_error(torch.ones(4, 10, 3), torch.zeros(4, 10, 3)).item() == pytest.approx(30.0)


def test_blurred_error_prefers_a_near_miss():
    target, near, far = torch.zeros(3, 1, 128, 1)
    target[:, 60], near[:, 62], far[:, 100] = 1.0, 1.0, 1.0
    assert squared_error(near, target) == squared_error(far, target)
    assert multi_resolution_error(near, target) < 0.7 * multi_resolution_error(far, target)
    assert multi_resolution_error(target, target) == 0


def test_blurred_error_takes_patches_narrower_than_its_widths():
    assert multi_resolution_error(torch.ones(2, 3, 1), torch.zeros(2, 3, 1)) == 0


def test_level_loss_is_zero_inside_its_range_and_grows_outside():
    features = AudioFeatures(n_mels=32, db_range=(-60.0, 10.0))
    loss = LevelLoss(features, (-20.0, -10.0))
    # A flat spectrum of level L dB has the mean power L dB.
    flat = [torch.full((1, 32, 2), (level + 60.0) / 70.0) for level in (-30.0, -15.0, 0.0)]
    assert loss.level_db(flat[1]).item() == pytest.approx(-15.0, abs=1e-3)
    assert [loss(S).item() for S in flat] == pytest.approx([100.0, 0.0, 100.0], abs=0.1)


def test_level_grows_by_six_decibels_for_twice_the_magnitude(rng):
    features = AudioFeatures()
    mel = rng.uniform(0.01, 0.1, (1, 128, 1))
    loss = LevelLoss(features, (0.0, 0.0))
    levels = [loss.level_db(torch.from_numpy(features.normalise(gain * mel))).item() for gain in (1.0, 2.0)]
    assert np.diff(levels)[0] == pytest.approx(20 * np.log10(2), abs=0.01)
