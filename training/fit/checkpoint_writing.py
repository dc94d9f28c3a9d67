"""Writes checkpoints whole or not at all, each with the identity of its run."""

from __future__ import annotations

import io
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch
from lightning import LightningModule, Trainer
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.plugins.io import TorchCheckpointIO
from typing_extensions import override

from aitunes.atomic import write_buffers
from training.fit.checkpoints import IDENTITY, Identity, read_checkpoint


class Signature(Callback):
    """Writes an identity into every checkpoint."""

    def __init__(self, identity: Identity) -> None:
        self.identity = identity

    @override
    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        checkpoint[IDENTITY] = asdict(self.identity)


class WholeCheckpointIO(TorchCheckpointIO):
    """Writes beside the name, then renames: a process that dies while it saves leaves the older checkpoint whole."""

    @override
    def save_checkpoint(self, checkpoint: dict[str, Any], path: Any, storage_options: Any = None) -> None:
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        # By way of memory: PyTorch's own writer turns a full disk into an error that does not say so.
        contents = io.BytesIO()
        torch.save(checkpoint, contents)
        write_buffers(target, [contents.getbuffer()])

    @override
    def load_checkpoint(self, path: Any, map_location: Any = "cpu", weights_only: bool | None = True) -> dict[str, Any]:
        return read_checkpoint(Path(path))
