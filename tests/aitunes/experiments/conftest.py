"""A small experiment that trains in a second."""

import warnings

import pytest


@pytest.fixture
def vectors():
    """Loaders of 288 vectors to train on and 32 held out, with labels, in batches of 72."""
    torch = pytest.importorskip("torch", reason="pip install aitunes[training]")
    from torch.utils.data import DataLoader, TensorDataset

    from aitunes.datasets.vectors import KINDS, make_vectors

    data = make_vectors(320)

    def loader(items):
        labels = torch.tensor([KINDS.index(label) for label in items.labels])
        return DataLoader(TensorDataset(torch.from_numpy(items.S), labels), batch_size=72)

    return loader(data.train), loader(data.held_out)


@pytest.fixture
def fit(vectors, tmp_path):
    """`fit(experiment, support, epochs, **kwargs)`: train on the vectors; the trainer comes back."""
    pytest.importorskip("lightning", reason="pip install aitunes[training]")
    from lightning import Trainer

    from aitunes.experiments.training_module import TrainingModule

    def run(experiment, support, epochs, train=None, **options):
        callbacks = list(support)
        trainer = Trainer(
            max_epochs=epochs,
            accelerator="cpu",
            logger=support.logger() or False,
            callbacks=callbacks,
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            log_every_n_steps=1,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            trainer.fit(TrainingModule(experiment), train or vectors[0], vectors[1], **options)
        return trainer

    return run
