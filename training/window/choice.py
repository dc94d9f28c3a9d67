"""Holds what is chosen in the window, and writes the command line that trains it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Choice:
    """Holds everything that a person sets before pressing a button.

    Args:
        experiment, scenario: by name; "" while nothing is chosen.
        model: path of a checkpoint; "" is none: training starts from nothing, evaluation takes the latest.
        epochs: 0 takes the scenario's own.
        save_every: epochs after which a checkpoint is kept; 0 keeps the last one alone.
        data_dir: folder of the data; "" takes `AITUNES_DATA`.
        limit_items: use at most so many items; 0 takes all.
        seed: of data, split, weights and training.
        runs: folder of all runs.
    """

    experiment: str = ""
    scenario: str = ""
    model: str = ""
    epochs: int = 0
    save_every: int = 0
    data_dir: str = ""
    limit_items: int = 0
    seed: int = 0
    runs: str = "runs"

    def as_dict(self) -> dict[str, Any]:
        """Return plain values, for JSON."""
        return asdict(self)

    def run_folder(self, run: str) -> Path:
        """Return the folder of a run of that name."""
        return Path(self.runs) / self.experiment / self.scenario / run

    def training_words(self, run: str) -> list[str]:
        """Return the words after `aitunes-train` that train this choice as a run of that name."""
        words = ["train", "-E", self.experiment, "-S", self.scenario, "-Q"]
        words += ["--runs", self.runs, "--run", run, "-s", str(self.save_every), "--seed", str(self.seed)]
        options = {"-e": self.epochs, "-M": self.model, "--data-dir": self.data_dir, "--limit-items": self.limit_items}
        return words + [word for name, value in options.items() if value for word in (name, str(value))]


def new_run_name(now: datetime) -> str:
    """Return a run's name, made of its time, so that names sort by time.

    >>> new_run_name(datetime(2026, 11, 22, 19, 4, 27))
    '2026-11-22-190427'
    """
    return now.strftime("%Y-%m-%d-%H%M%S")
