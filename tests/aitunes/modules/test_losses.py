import pytest

torch = pytest.importorskip("torch", reason="pip install aitunes[training]")

from aitunes.modules.losses import kl_divergence, squared_error  # noqa: E402

pytestmark = pytest.mark.training


def test_kl_of_a_standard_normal_is_zero():
    assert torch.equal(kl_divergence(torch.zeros(5, 3), torch.zeros(5, 3)), torch.zeros(3))


def test_kl_equals_torchs_own(rng):
    mean, log_var = (torch.from_numpy(rng.standard_normal((6, 4))) for _ in range(2))
    ours = kl_divergence(mean, log_var)
    normal = torch.distributions.Normal
    theirs = torch.distributions.kl_divergence(normal(mean, torch.exp(0.5 * log_var)), normal(0.0, 1.0))
    assert torch.allclose(ours, theirs.mean(dim=0))


def test_squared_error_sums_over_the_segment_and_averages_over_the_batch():
    assert squared_error(torch.ones(4, 10, 3), torch.zeros(4, 10, 3)).item() == pytest.approx(30.0)
