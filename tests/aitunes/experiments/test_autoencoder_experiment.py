import pytest

torch = pytest.importorskip("torch", reason="pip install aitunes[training]")
pytest.importorskip("lightning", reason="pip install aitunes[training]")

from aitunes.experiments.autoencoder_experiment import AutoencoderExperiment  # noqa: E402
from aitunes.experiments.callbacks.nan_guard import DivergedError  # noqa: E402
from aitunes.experiments.history import read_history  # noqa: E402
from aitunes.experiments.latent_pictures import principal_plane  # noqa: E402
from aitunes.experiments.optimisation import Optimisation  # noqa: E402
from aitunes.experiments.support import AutoencoderExperimentSupport  # noqa: E402
from aitunes.experiments.training_module import TrainingModule  # noqa: E402
from aitunes.modules.annealing import CyclicAnnealing, LinearAnnealing  # noqa: E402
from aitunes.modules.losses import KLDivergence, SquaredError  # noqa: E402
from aitunes.modules.objective import WeightedLoss  # noqa: E402
from aitunes.modules.variational import VariationalAutoencoder  # noqa: E402
from aitunes.modules.vq_resnet import VQ_ResNet2D  # noqa: E402

pytestmark = pytest.mark.training


def experiment(kl=0.01, learning_rate=3e-3):
    torch.manual_seed(8)
    loss = WeightedLoss({"squared": SquaredError(), "kl": KLDivergence()}, {"kl": kl})
    model = VariationalAutoencoder((5,), 3, (32,), decoder_activation="sigmoid")
    return AutoencoderExperiment(model, loss, Optimisation(learning_rate))


def support(folder, **options):
    return AutoencoderExperimentSupport(folder, **{"plot_every": 0, **options})


def test_training_makes_the_loss_small_and_writes_its_history(fit, tmp_path):
    fit(experiment(learning_rate=1e-2), support(tmp_path, plot_every=5, label_names=tuple("abcd")), 10)
    rows = read_history(tmp_path / "history.csv")
    assert [row["epoch"] for row in rows] == list(range(1, 11))
    assert rows[-1]["validation/loss"] < 0.8 * rows[0]["validation/loss"]
    wanted = {f"{stage}/{name}" for stage in ("train", "validation") for name in ("loss", "squared", "kl")}
    assert set(rows[-1]) == {"epoch", *wanted}
    for row in rows:
        assert row["train/loss"] == pytest.approx(row["train/squared"] + 0.01 * row["train/kl"], rel=1e-4)
    pictures = [tmp_path / "progress.png", *(tmp_path / "latent" / f"epoch-00{n}.png" for n in ("05", "10"))]
    assert all(path.read_bytes().startswith(b"\x89PNG") for path in pictures)
    assert len(list((tmp_path / "latent").iterdir())) == 2


def test_batches_without_labels_are_taken_too(fit, tmp_path, vectors):
    (train, _), subject = vectors, experiment()
    S = next(iter(train))[0]
    assert torch.equal(subject.pass_through(S).S, subject.pass_through((S, S)).S)


@pytest.mark.parametrize("annealing", [LinearAnnealing(0.0, 1.0, 5), CyclicAnnealing(1.0, 3)])
def test_a_resumed_run_goes_on_with_the_same_weights_and_the_same_history(fit, tmp_path, annealing):
    import copy

    def one():
        return experiment(copy.deepcopy(annealing))

    fit(one(), support(tmp_path / "whole"), 4)
    resumed = support(tmp_path / "parts")
    fit(one(), resumed, 2)
    subject = one()
    fit(subject, resumed, 4, ckpt_path=resumed.last_checkpoint, weights_only=True)
    whole, parts = (read_history(tmp_path / name / "history.csv") for name in ("whole", "parts"))
    assert [row["epoch"] for row in parts] == [1, 2, 3, 4]
    assert [row["weight/kl"] for row in parts] == pytest.approx([row["weight/kl"] for row in whole])
    # Four batches an epoch: the weight moves with each.
    assert whole[0]["weight/kl"] == pytest.approx(sum(annealing.weight_at(n / 4) for n in range(4)) / 4, rel=1e-4)
    assert subject.loss.weights()["kl"] == pytest.approx(annealing.weight_at(3.75))


def test_a_new_run_in_an_old_folder_starts_a_new_history(fit, tmp_path):
    for epochs in (3, 1):
        fit(experiment(), support(tmp_path), epochs)
    assert len(read_history(tmp_path / "history.csv")) == 1


def test_checkpoints_are_kept_every_so_many_epochs(fit, tmp_path):
    fit(experiment(), support(tmp_path, save_every=2), 5)
    assert sorted(path.name for path in tmp_path.glob("*.ckpt")) == ["epoch-0001.ckpt", "epoch-0003.ckpt", "last.ckpt"]
    stored = torch.load(tmp_path / "last.ckpt", weights_only=True)
    assert stored["epoch"] == 4


def test_tensorboard_gets_every_loss(fit, tmp_path):
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    fit(experiment(), support(tmp_path, tensorboard=True), 2)
    events = accumulator.EventAccumulator(str(tmp_path / "tensorboard"))
    events.Reload()
    assert {"train/loss", "validation/kl"} <= set(events.Tags()["scalars"])


class Poisoned:
    """The vectors; in an epoch and batch, some that are no numbers."""

    def __init__(self, loader, epoch, value):
        self.loader, self.epoch, self.value, self.passes = loader, epoch, value, 0

    def __len__(self):
        return len(self.loader)

    def __iter__(self):
        epoch, self.passes = self.passes, self.passes + 1
        for n, (S, labels) in enumerate(self.loader):
            yield (S * self.value if n == 1 and epoch == self.epoch else S), labels


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_numbers_that_are_none_stop_the_training_and_keep_the_last_good_checkpoint(fit, tmp_path, vectors, value):
    kept = support(tmp_path)
    with pytest.raises(DivergedError, match=r"diverged in epoch 3: the loss of batch 1 is .*last.ckpt keeps the epoch"):
        fit(experiment(), kept, 6, train=Poisoned(vectors[0], 2, value))
    stored = torch.load(kept.last_checkpoint, weights_only=True)
    assert stored["epoch"] == 1
    assert all(torch.isfinite(values).all() for values in stored["state_dict"].values())
    assert [row["epoch"] for row in read_history(tmp_path / "history.csv")] == [1, 2]
    fit(experiment(), kept, 3, ckpt_path=kept.last_checkpoint, weights_only=True)  # and it can be gone on from


def test_weights_that_are_no_numbers_are_found_before_they_are_saved(fit, tmp_path, monkeypatch):
    subject = experiment()
    original = TrainingModule.on_train_batch_start

    def poison(self, batch, batch_idx):
        original(self, batch, batch_idx)
        if self.trainer.current_epoch == 1 and batch_idx == self.trainer.num_training_batches - 1:
            # A gradient that is none: the loss of this batch, the last of its epoch, still is a number.
            self.model.encoder[0].weight.register_hook(lambda gradient: gradient * float("nan"))

    monkeypatch.setattr(TrainingModule, "on_train_batch_start", poison)
    with pytest.raises(DivergedError, match=r"epoch 2: model.encoder.0.weight is no longer made of numbers"):
        fit(subject, support(tmp_path), 4)
    stored = torch.load(tmp_path / "last.ckpt", weights_only=True)
    assert stored["epoch"] == 0
    assert all(torch.isfinite(values).all() for values in stored["state_dict"].values())


def test_without_a_finished_epoch_the_guard_says_so(fit, tmp_path, vectors):
    with pytest.raises(DivergedError, match="no epoch was finished"):
        fit(experiment(), support(tmp_path), 2, train=Poisoned(vectors[0], 0, float("nan")))


def test_the_use_of_a_codebook_is_logged(fit, tmp_path):
    torch.manual_seed(8)
    model = VQ_ResNet2D((5,), 4, entry_dim=2, entries=16, channels=(8,))
    fit(AutoencoderExperiment(model, WeightedLoss({"squared": SquaredError()})), support(tmp_path), 2)
    row = read_history(tmp_path / "history.csv")[-1]
    assert 1.0 <= row["validation/usage"] <= 16.0


def test_the_principal_plane_shows_most_of_the_variance(rng):
    codes = (rng.standard_normal((500, 4)) * [1, 9, 3, 0.1]).astype("float32")
    plane, shares = principal_plane(codes)
    assert shares == pytest.approx([81 / 91, 9 / 91], abs=0.05)
    assert plane.std(axis=0) == pytest.approx([9.0, 3.0], rel=0.1)
    assert principal_plane(codes[:, :1])[0].shape == (500, 2)
