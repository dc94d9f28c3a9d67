"""The base model: weights that every `learn` may start from, made by `python -m training.learn.train_base`."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import numpy as np
import torch

from aitunes.errors import TrainingError
from training.learn.network import FrameAutoencoder

BASE_NAME = "aitunes-base-1"
"""What cards name as their `base`."""
BASE_DIM = 16

_FILE = "base.npz"


def save_base(model: FrameAutoencoder, folder: Path | None = None) -> Path:
    """Keep a model as the base, in half precision."""
    path = (folder or Path(str(files(__name__)))) / _FILE
    arrays = {name: values.numpy().astype(np.float16) for name, values in model.state_dict().items()}
    np.savez_compressed(path, **arrays)
    return path


def has_base(folder: Path | None = None) -> bool:
    """Return true if a base model is installed; `learn` starts from the linear model where there is none."""
    return ((folder or Path(str(files(__name__)))) / _FILE).is_file()


def load_base(latent_dim: int = BASE_DIM, folder: Path | None = None) -> FrameAutoencoder:
    """Return the base model; its first numbers say most, so that a shorter code is its beginning.

    Raises:
        TrainingError: it is not installed, is damaged, or has fewer dimensions.
    """
    path = (folder or Path(str(files(__name__)))) / _FILE
    if not 1 <= latent_dim <= BASE_DIM:
        raise TrainingError(f"The base model has codes of 1 to {BASE_DIM} numbers, not {latent_dim}.")
    try:
        with np.load(path, allow_pickle=False) as stored:
            state = {name: torch.from_numpy(stored[name].astype(np.float32)) for name in stored.files}
        for name in _CODE_ROWS:
            state[name] = state[name][:latent_dim]
        for name in _CODE_COLUMNS:
            state[name] = state[name][:, :latent_dim]
        model = FrameAutoencoder(latent_dim)
        model.load_state_dict(state)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        raise TrainingError(f"The base model {path} cannot be read ({error}); install AiTunes again.") from error
    return model.eval()


_LAST = f"encoder.{len(FrameAutoencoder(1).encoder) - 1}"
_CODE_ROWS = ("scale", "encoder_linear.weight", "encoder_linear.bias", f"{_LAST}.weight", f"{_LAST}.bias")
_CODE_COLUMNS = ("decoder_linear.weight", "decoder.0.weight")
