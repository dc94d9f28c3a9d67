"""Lists the options of one training."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True)
class TrainOptions:
    """Holds the options of one training.

    Args:
        run_dir: where checkpoints and history go.
        epochs: passes over the data; None takes the scenario's.
        save_every: epochs after which a checkpoint is kept besides the last one; 0 keeps none.
        seed: of weights, order of items and sampling.
        resume: go on from the last checkpoint in `run_dir`.
        start_from: a checkpoint of the same scenario whose weights a new training starts with.
        batch_size: items of a batch, of all processes together; None takes the scenario's.
        devices, nodes, precision: as Lightning's Trainer has them; under torchrun it says how many there are.
        quiet: no progress bar.
        compiled: translate model and losses to machine code first, which takes minutes and a C++ compiler.
        data: where the data came from, for the run's record.
        notify: called with sentences about what is going on.
    """

    run_dir: Path
    epochs: int | None = None
    save_every: int = 0
    seed: int = 0
    resume: bool = False
    start_from: Path | None = None
    batch_size: int | None = None
    devices: int = 1
    nodes: int = 1
    precision: str = "32-true"
    quiet: bool = False
    compiled: bool = False
    data: dict[str, str | int] = field(default_factory=dict)
    notify: Callable[[str], None] = lambda sentence: None
