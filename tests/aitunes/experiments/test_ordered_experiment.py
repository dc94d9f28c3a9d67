import pytest

torch = pytest.importorskip("torch", reason="pip install aitunes[training]")
pytest.importorskip("lightning", reason="pip install aitunes[training]")

from aitunes.errors import TrainingError  # noqa: E402
from aitunes.experiments.ordered_experiment import OrderedSpectrogramExperiment, OrderedWeights  # noqa: E402
from aitunes.experiments.release_recipe import RELEASE_RECIPES, find_release_recipe  # noqa: E402
from aitunes.features import AudioFeatures  # noqa: E402
from aitunes.modules.losses import LevelLoss  # noqa: E402
from aitunes.modules.variational import VariationalAutoencoder  # noqa: E402

pytestmark = pytest.mark.training


def experiment(**weights):
    torch.manual_seed(2)
    features = AudioFeatures(n_mels=24, f_min=200.0)
    model = VariationalAutoencoder((24, 1), 4, (32,))
    return OrderedSpectrogramExperiment(model, LevelLoss(features, (-30.0, -20.0)), OrderedWeights(**weights))


def batch():
    rng = torch.Generator().manual_seed(1)
    return torch.rand(16, 24, 1, generator=rng), torch.randn(16, 2, generator=rng)


def test_the_total_is_the_weighted_sum_of_what_is_logged(monkeypatch):
    subject = experiment(blurred=2.0, kl=0.5, order=0.25, level=0.125).eval()
    logged = {}
    monkeypatch.setattr(subject, "log", lambda name, value, **_: logged.update({name: value}))
    monkeypatch.setattr(subject, "log_dict", lambda values, **_: logged.update(values))
    torch.manual_seed(0)
    total = subject._common_step(batch(), "train")
    parts = [("squared", 1.0), ("blurred", 2.0), ("kl", 0.5), ("order", 0.25), ("level", 0.125)]
    assert set(logged) == {"train/loss", *(f"train/{name}" for name, _ in parts)}
    assert logged["train/loss"] == total
    assert total.item() == pytest.approx(sum(weight * logged[f"train/{name}"].item() for name, weight in parts))


def test_training_puts_codes_where_the_order_wants_them():
    subject = experiment(order=1.0)
    S = torch.rand(64, 24, 1, generator=torch.Generator().manual_seed(3))
    order = torch.stack([S[:, 0, 0], S[:, 1, 0]], dim=1) * 4.0 - 2.0

    def losses():
        return subject.loss(subject.pass_through((S, order))).parts

    before = losses()["order"].item()
    optimizer = torch.optim.Adam(subject.model.parameters(), 1e-2)
    for _ in range(150):
        optimizer.zero_grad()
        now = losses()
        (now["order"] + now["squared"]).backward()
        optimizer.step()
    assert now["order"].item() < 0.1 * before


def test_patches_that_nobody_ordered_are_refused():
    with pytest.raises(TrainingError, match="told where every patch belongs"):
        experiment().pass_through(torch.rand(4, 24, 1))


def test_recipes_are_found_in_any_case_and_unknown_ones_list_the_choices():
    assert find_release_recipe("SineWave") is RELEASE_RECIPES["sinewave"]
    with pytest.raises(TrainingError, match="choose from sinewave"):
        find_release_recipe("GTZAN")
