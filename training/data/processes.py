"""Trains with several processes, on one host or many, as torchrun starts them."""

from __future__ import annotations

import os
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from torch import distributed

from aitunes.errors import TrainingError

if TYPE_CHECKING:
    from lightning.pytorch.strategies import DDPStrategy

PATIENCE = timedelta(seconds=50)
"""How long a process waits for the others at any step; one that died is noticed at once, a host that vanished now."""

# gloo raises nothing more special than a RuntimeError.
_LOST = re.compile(r"gloo|nccl|connection (closed|reset)|timed? ?out|broken pipe|process group", re.IGNORECASE)


def launched() -> tuple[int, int] | None:
    """Return the numbers of processes on this host and of hosts, where torchrun started this process; else None."""
    if "TORCHELASTIC_RUN_ID" not in os.environ:
        return None
    here, everywhere = int(os.environ["LOCAL_WORLD_SIZE"]), int(os.environ["WORLD_SIZE"])
    return here, everywhere // here


def is_first_process() -> bool:
    """Return True in the process that prints for all."""
    return os.environ.get("RANK", os.environ.get("LOCAL_RANK", "0")) == "0"


def strategy(world: int) -> DDPStrategy | str:
    """Choose Lightning's strategy for so many processes: each has the whole model, and gradients are averaged."""
    if world == 1:
        return "auto"
    from lightning.pytorch.strategies import DDPStrategy

    return DDPStrategy(timeout=PATIENCE)


def check_batch(size: int, world: int) -> None:
    """Refuse batches of which not every process gets an item.

    Raises:
        TrainingError: there are more processes than items.
    """
    if size < world:
        raise TrainingError(
            f"A batch has {size} items, too few for {world} processes; take fewer, or name a --batch-size of "
            f"{world} or more."
        )


def check_prepared(path: Path) -> None:
    """Refuse to prepare features in several processes at once.

    Raises:
        TrainingError: there are others.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) > 1:
        raise TrainingError(
            f"There are no prepared features in {path}; several processes would all make them. Run `aitunes-train "
            "prepare` once with the same options, then train."
        )


def is_lost_peer(error: RuntimeError) -> bool:
    """Return True for an error about another process."""
    return isinstance(error, distributed.DistError) or bool(_LOST.search(str(error)))
