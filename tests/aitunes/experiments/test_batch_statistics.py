import pytest

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.training

from lightning import Trainer  # noqa: E402
from torch import nn  # noqa: E402
from torch.utils.data import DataLoader, TensorDataset  # noqa: E402

from aitunes.experiments.autoencoder_experiment import AutoencoderExperiment  # noqa: E402
from aitunes.experiments.callbacks.batch_statistics import BatchStatistics  # noqa: E402
from aitunes.experiments.training_module import TrainingModule  # noqa: E402
from aitunes.modules.base import Autoencoder, AutoencoderOutput  # noqa: E402
from aitunes.modules.losses import SquaredError  # noqa: E402
from aitunes.modules.objective import WeightedLoss  # noqa: E402


class Normalised(Autoencoder):
    """Nothing but a batch norm with a long memory, whose statistics can be written down."""

    def __init__(self):
        super().__init__((3,), 3)
        self.norm = nn.BatchNorm1d(3, momentum=0.01)

    def encode(self, S):
        return self.norm(S)

    def decode(self, z):
        return z

    def forward(self, S):
        z = self.encode(S)
        return AutoencoderOutput(z, z, z)


def fitted(S, callbacks, epochs=1):
    experiment = AutoencoderExperiment(Normalised(), WeightedLoss({"squared": SquaredError()}))
    module = TrainingModule(experiment)
    module.configure_optimizers = lambda: torch.optim.SGD(experiment.parameters(), 0.0)
    loader = DataLoader(TensorDataset(S), batch_size=8)
    trainer = Trainer(
        max_epochs=epochs,
        logger=False,
        accelerator="cpu",
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        callbacks=callbacks,
    )
    trainer.fit(module, loader, loader)
    return experiment.model.norm


@pytest.fixture
def segments():
    generator = torch.Generator().manual_seed(3)
    return 5.0 + 2.0 * torch.randn(64, 3, generator=generator)


def test_statistics_are_those_of_the_data_after_few_steps(segments):
    lagging, fresh = fitted(segments, []), fitted(segments, [BatchStatistics()])
    batches = segments.reshape(8, 8, 3)
    assert (lagging.running_mean < 1.0).all()
    assert torch.allclose(fresh.running_mean, segments.mean(dim=0), atol=1e-4)
    assert torch.allclose(fresh.running_var, batches.var(dim=1).mean(dim=0), atol=1e-4)


def test_the_layer_keeps_its_momentum(segments):
    assert fitted(segments, [BatchStatistics()]).momentum == 0.01


def test_the_random_state_is_left_alone(segments):
    states = []
    for callbacks in ([], [BatchStatistics()]):
        torch.manual_seed(11)
        fitted(segments, callbacks, epochs=2)
        states.append(torch.get_rng_state())
    assert torch.equal(*states)
