"""Records the progress of a training in a small file of its folder, which is read without PyTorch."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path

import psutil

from aitunes.atomic import write_text
from aitunes.bounded_files import read_bounded, read_tail

RECORD = "run.json"
"""The record's name in the folder of a run."""
LOG = "log.txt"
"""What a run said that was started by the window."""

_MAX_BYTES = 1 << 16
_MAX_COUNT = 2**31 - 1
_MAX_NUMBER = 2.0**32  # seconds since 1970, until 2106
_DATA: dict[str, type] = {"data_dir": str, "limit_items": int, "seed": int}

STARTING, TRAINING, DONE, STOPPED, FAILED = "starting", "training", "done", "stopped", "failed"
_SAME_PROCESS_SECONDS = 60.0  # the system reckons a process's beginning from its clock, which may be set meanwhile


@dataclass(frozen=True)
class RunRecord:
    """Describes one run of a scenario.

    Args:
        experiment, scenario: what is trained.
        started: seconds since 1970.
        pid, process_started: the process that trains, and when that began, seconds since 1970; a process number alone
            may be another program's by now.
        epochs: that were asked for.
        save_every: epochs after which a checkpoint is kept; 0 keeps the last one alone.
        state: "starting", "training", "done", "stopped" or "failed".
        epoch: whole epochs behind it.
        fraction: of the epoch that it is in, 0..1.
        examples_per_second: validation included.
        seconds_left: None before that can be said.
        sentence: why it failed.
        data: `data_dir`, `limit_items` and `seed`, as far as they are known.
    """

    experiment: str
    scenario: str
    started: float = 0.0
    pid: int = 0
    process_started: float = 0.0
    epochs: int = 0
    save_every: int = 0
    state: str = STARTING
    epoch: int = 0
    fraction: float = 0.0
    examples_per_second: float = 0.0
    seconds_left: float | None = None
    sentence: str = ""
    data: dict[str, str | int] = field(default_factory=dict)


def write_record(folder: Path, record: RunRecord) -> None:
    """Replace the folder's record as a whole."""
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / RECORD, json.dumps(asdict(record), indent=1) + "\n")


def read_record(folder: Path) -> RunRecord | None:
    """Read the folder's record; None where there is none, or it is damaged."""
    try:
        values = json.loads(read_bounded(folder / RECORD, _MAX_BYTES))
        record = RunRecord(**{each.name: values[each.name] for each in fields(RunRecord) if each.name in values})
    except (OSError, ValueError, TypeError, RecursionError):
        return None
    return record if _is_plausible(record) else None


def _is_plausible(record: RunRecord) -> bool:
    """Check the types and ranges of a record, which may be anyone's."""
    texts = (record.experiment, record.scenario, record.state, record.sentence)
    counts = (record.pid, record.epochs, record.save_every, record.epoch)
    left = 0.0 if record.seconds_left is None else record.seconds_left
    numbers = (record.started, record.process_started, record.fraction, record.examples_per_second, left)
    return (
        all(isinstance(text, str) for text in texts)
        and record.state in (STARTING, TRAINING, DONE, STOPPED, FAILED)
        and all(type(count) is int and 0 <= count <= _MAX_COUNT for count in counts)
        and all(type(number) in (int, float) and 0.0 <= number <= _MAX_NUMBER for number in numbers)
        and isinstance(record.data, dict)
        and all(type(value) is _DATA.get(name) for name, value in record.data.items())
    )


def process_started(pid: int) -> float:
    """Return the start of a process, seconds since 1970; 0 of one that has ended."""
    try:
        process = psutil.Process(pid)
        return 0.0 if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.Error:
        return 0.0


def is_running(record: RunRecord) -> bool:
    """Return True while the process that the record names runs."""
    if record.state not in (STARTING, TRAINING):
        return False
    began = process_started(record.pid)
    return began > 0.0 and abs(began - record.process_started) < _SAME_PROCESS_SECONDS


def stop(record: RunRecord) -> None:
    """Ask a run to end; its last checkpoint stays. Nothing happens where it has ended already."""
    if is_running(record):
        try:
            psutil.Process(record.pid).terminate()
        except psutil.NoSuchProcess:
            return


def state_of(folder: Path, record: RunRecord) -> tuple[str, str]:
    """Return a run's state, and a sentence where it failed, also of one whose process could write neither."""
    if record.state not in (STARTING, TRAINING) or is_running(record):
        return record.state, record.sentence
    last = last_log_line(folder)
    if record.state == STARTING or (last.startswith("aitunes-train: ") and "was stopped" not in last):
        return FAILED, last.removeprefix("aitunes-train: ") or "It ended before it could begin, without a word."
    return STOPPED, ""


def last_log_line(folder: Path) -> str:
    """Return the last line of a run's log."""
    try:
        lines = read_tail(folder / LOG, _MAX_BYTES).decode("utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    return next((line for line in reversed(lines) if line.strip()), "")
