import copy

import pytest

torch = pytest.importorskip("torch", reason="pip install aitunes[training]")

from aitunes.modules.annealing import CyclicAnnealing, LinearAnnealing  # noqa: E402
from aitunes.modules.base import AutoencoderOutput  # noqa: E402
from aitunes.modules.losses import Commitment, KLDivergence, SquaredError  # noqa: E402
from aitunes.modules.objective import Pass, WeightedLoss  # noqa: E402
from aitunes.modules.perceptual import (  # noqa: E402
    MultiResolutionSpectralError,
    StructuralDissimilarity,
)
from aitunes.modules.vanilla import VanillaAutoencoder  # noqa: E402
from aitunes.modules.variational import VariationalAutoencoder  # noqa: E402

pytestmark = pytest.mark.training

RANGE = (-60.0, 20.0)


def passed(S, reconstruction, **codes):
    z = torch.zeros(len(S), 2)
    model = VanillaAutoencoder(tuple(S.shape[1:]), 2, ())
    return Pass(model, S, AutoencoderOutput(reconstruction, z, **{"mean": z, **codes}))


def test_the_total_is_the_weighted_sum_of_the_parts():
    model = VariationalAutoencoder((6,), 3, (8,))
    S = torch.rand(4, 6)
    loss = WeightedLoss(
        {"squared": SquaredError(), "kl": KLDivergence(), "commitment": Commitment()}, {"kl": 0.5, "commitment": 7.0}
    )
    objective = loss(Pass(model, S, model(S)))
    assert list(objective.parts) == ["squared", "kl", "commitment"]
    assert objective.total.item() == pytest.approx((objective.parts["squared"] + 0.5 * objective.parts["kl"]).item())
    assert objective.parts["commitment"] == 0.0


def test_the_divergence_of_a_standard_normal_is_zero_and_of_no_distribution_too():
    S = torch.rand(4, 6)
    zero = torch.zeros(4, 2)
    assert KLDivergence()(passed(S, S, mean=zero, log_var=zero)) == 0.0
    assert KLDivergence()(passed(S, S)) == 0.0
    assert KLDivergence()(passed(S, S, mean=zero + 1.0, log_var=zero)).item() == pytest.approx(1.0)  # 2 · ½


@pytest.mark.parametrize(("parts", "weights"), [({}, {}), ({"squared": SquaredError}, {"kl": 1.0})])
def test_weights_of_no_part_are_refused(parts, weights):
    with pytest.raises(ValueError, match="Weights belong to parts"):
        WeightedLoss({name: part() for name, part in parts.items()}, weights)


def test_linear_annealing_rises_and_stays():
    annealing = LinearAnnealing(0.2, 1.0, duration=4)
    assert [annealing.weight_at(epochs) for epochs in (0, 1, 2, 4, 50)] == pytest.approx([0.2, 0.4, 0.6, 1.0, 1.0])


def test_cyclic_annealing_repeats_and_never_passes_its_weight():
    annealing = CyclicAnnealing(2.0, period=10, rise=0.4)
    weights = [annealing.weight_at(epochs / 4) for epochs in range(160)]
    assert weights[:40] == pytest.approx(weights[40:80])
    assert max(weights) == 2.0
    assert weights.count(2.0) == pytest.approx(0.6 * len(weights), abs=5)


@pytest.mark.parametrize("annealing", [LinearAnnealing(0.0, 1.0, 10), CyclicAnnealing(1.0, 10)])
def test_a_weight_that_changes_stands_in_the_checkpoint_where_it_stood(annealing):
    def loss():
        return WeightedLoss({"squared": SquaredError(), "kl": KLDivergence()}, {"kl": copy.deepcopy(annealing)})

    before, after = loss(), loss()
    before.move_to(3.25)
    assert after.weights()["kl"] == 0.0
    after.load_state_dict(before.state_dict())
    assert after.weights() == before.weights() == {"squared": 1.0, "kl": annealing.weight_at(3.25)}


@pytest.mark.parametrize("values", [(0.0, 1.0, 0.0)])
def test_an_annealing_without_duration_is_refused(values):
    with pytest.raises(ValueError, match="takes some time"):
        LinearAnnealing(*values)
    with pytest.raises(ValueError, match="takes some time"):
        CyclicAnnealing(1.0, 5, rise=0.0)


@pytest.mark.parametrize("shape", [(3, 32, 32), (28, 28), (1, 7, 5), (3, 40)])
def test_structure_is_equal_where_pictures_are_and_differs_where_they_do(shape):
    S = torch.rand(4, *shape)
    loss = StructuralDissimilarity()
    assert loss(passed(S, S)).item() == pytest.approx(0.0, abs=1e-5)
    assert 0.5 < loss(passed(S, torch.rand(4, *shape))).item() <= 2.0


@pytest.mark.parametrize("shape", [(5,), (2, 9)])
def test_structure_of_what_has_none_is_refused(shape):
    with pytest.raises(ValueError, match="at least 3 numbers"):
        StructuralDissimilarity()(passed(torch.rand(2, *shape), torch.rand(2, *shape)))


def test_structure_prefers_a_change_of_brightness_to_one_of_structure():
    S = torch.rand(4, 1, 24, 24, generator=torch.Generator().manual_seed(1)) * 0.5
    brighter, blurred = S + 0.1, torch.nn.functional.avg_pool2d(S, 5, 1, 2)
    loss = StructuralDissimilarity()
    assert loss(passed(S, brighter)) < 0.5 * loss(passed(S, blurred))


@pytest.mark.parametrize("shape", [(16, 9), (3, 1), (1, 1)])
def test_the_spectral_error_is_zero_for_equals_and_has_a_gradient_elsewhere(shape):
    loss, S = MultiResolutionSpectralError(RANGE), torch.rand(3, *shape)
    assert loss(passed(S, S.clone())) == 0.0
    reconstruction = torch.rand(3, *shape, requires_grad=True)
    loss(passed(S, reconstruction)).backward()
    assert torch.isfinite(reconstruction.grad).all()
    assert reconstruction.grad.abs().sum() > 0.0


def test_the_gradient_of_equal_spectra_is_a_number():
    S = torch.rand(2, 16, 8)
    reconstruction = S.clone().requires_grad_()
    MultiResolutionSpectralError(RANGE)(passed(S, reconstruction)).backward()
    assert torch.isfinite(reconstruction.grad).all()


def test_a_near_miss_in_pitch_costs_less_than_a_far_one():
    target, near, far = torch.zeros(3, 1, 64, 16)
    target[:, 30], near[:, 31], far[:, 50] = 1.0, 1.0, 1.0
    errors = [MultiResolutionSpectralError(RANGE)(passed(target, wrong)) for wrong in (near, far)]
    assert errors[0] < 0.8 * errors[1]


def test_twice_the_magnitude_is_six_decibels_of_log_error_and_one_of_convergence():
    S = torch.full((2, 8, 8), 0.5)
    louder = S + 20.0 * torch.log10(torch.tensor(2.0)) / (RANGE[1] - RANGE[0])
    error = MultiResolutionSpectralError(RANGE)(passed(S, louder)).item()
    assert error == pytest.approx(1.0 + 6.0206 / 80.0, rel=1e-4)
