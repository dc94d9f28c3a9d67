import pytest

torch = pytest.importorskip("torch", reason="pip install aitunes[training]")

from aitunes.modules.variational import VariationalAutoencoder  # noqa: E402

pytestmark = pytest.mark.training

SHAPES = [(128, 1), (17, 3), (1, 1), (40, 8)]


@pytest.mark.parametrize("shape", SHAPES)
def test_output_has_the_shape_of_the_input(shape):
    model = VariationalAutoencoder(shape, 5, (16,))
    output = model(torch.rand(3, *shape))
    assert output.reconstruction.shape == (3, *shape)
    assert output.z.shape == output.mean.shape == output.log_var.shape == (3, 5)


def test_decoded_values_stay_in_range_for_any_code():
    model = VariationalAutoencoder((32, 2), 4, (64,)).eval()
    S = model.decode(1e6 * torch.randn(50, 4))
    assert torch.isfinite(S).all()
    assert S.min() == 0.0
    assert S.max() == 1.0


def test_evaluation_leaves_nothing_to_chance_and_training_does():
    model = VariationalAutoencoder((32, 1), 4, (64,))
    S = torch.rand(2, 32, 1)
    assert not torch.equal(model.train()(S).z, model(S).z)
    assert torch.equal(model.eval()(S).z, model(S).z)
    assert torch.equal(model(S).z, model.encode(S))


def test_samples_have_the_distribution_that_is_named():
    torch.manual_seed(4)
    model = VariationalAutoencoder((16, 1), 3, (8,))
    output = model(torch.rand(1, 16, 1).expand(20_000, 16, 1))
    assert torch.allclose(output.z.mean(dim=0), output.mean[0], atol=0.05)
    assert torch.allclose(output.z.var(dim=0), output.log_var[0].exp(), rtol=0.1)


def test_every_weight_learns():
    model = VariationalAutoencoder((16, 2), 3, (8, 8))
    model(torch.rand(4, 16, 2)).reconstruction.sum().backward()
    assert all(weight.grad is not None and weight.grad.abs().sum() > 0 for weight in model.parameters())


def test_a_code_of_no_numbers_is_refused():
    with pytest.raises(ValueError, match="at least one number"):
        VariationalAutoencoder((16, 1), 0)
