"""Reads the runs on disk: their state, progress and curves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from pathlib import Path

from aitunes.experiments.history import HISTORY, Row, read_history
from training.fit.run_record import RECORD, STARTING, TRAINING, RunRecord, last_log_line, read_record, state_of

STAGES = ("train", "validation")
_ENDED = "ended"


@dataclass(frozen=True)
class Run:
    """Describes one training.

    Args:
        folder: where everything of it lies.
        experiment, scenario: what was trained.
        state: "starting", "training", "done", "stopped", "failed", or "ended" where nothing says how.
        sentence: why it failed, or what it is doing before it trains.
        began: seconds since 1970.
        checkpoints: how many of them lie there.
        record: None of runs older than records.
    """

    folder: Path
    experiment: str
    scenario: str
    state: str
    sentence: str
    began: float
    checkpoints: int
    record: RunRecord | None = None

    @property
    def is_live(self) -> bool:
        """True while its process is at work."""
        return self.state in (STARTING, TRAINING)

    @property
    def title(self) -> str:
        """Its scenario and the time it began."""
        return f"{self.experiment} {self.scenario}, {datetime.fromtimestamp(self.began):%d %b %H:%M}"


def read_run(folder: Path) -> Run:
    """Read the run in a folder."""
    record = read_record(folder)
    checkpoints = len(list(folder.glob("*.ckpt")))
    if record is None:
        experiment, scenario = folder.parts[-2:]
        return Run(folder, experiment, scenario, _ENDED, "", _modified(folder / HISTORY), checkpoints)
    state, sentence = state_of(folder, record)
    if state == STARTING:
        sentence = last_log_line(folder)
    return Run(folder, record.experiment, record.scenario, state, sentence, record.started, checkpoints, record)


def find_runs(root: Path) -> list[Run]:
    """Find all runs in a folder of runs, the latest first."""
    patterns = (f"{depth}/{name}" for depth in ("*/*", "*/*/*") for name in (RECORD, HISTORY))
    folders = {path.parent for pattern in patterns for path in root.glob(pattern)}
    return sorted(map(read_run, folders), key=lambda run: run.began, reverse=True)


def read_curves(run: Run) -> list[Row]:
    """Read the run's losses, a row an epoch; none before the first epoch is over."""
    try:
        return read_history(run.folder / HISTORY)
    except (OSError, ValueError):
        return []


def parts_of(rows: list[Row]) -> list[str]:
    """List the names of the losses, the total first."""
    pairs = (name.partition("/")[::2] for row in rows for name in row)
    names = dict.fromkeys(part for stage, part in pairs if stage in STAGES and part)
    return sorted(names, key=lambda name: name != "loss")


def curve(rows: list[Row], stage: str, part: str) -> tuple[list[float], list[float]]:
    """Return epochs and values of one loss."""
    key = f"{stage}/{part}"
    points = [(row["epoch"], row[key]) for row in rows if {"epoch", key} <= row.keys() and isfinite(row[key])]
    return [epoch for epoch, _ in points], [value for _, value in points]


def _modified(path: Path) -> float:
    return path.stat().st_mtime if path.is_file() else 0.0
