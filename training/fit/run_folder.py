"""Keeps two trainings out of one run folder, and an older run in a folder of its own."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from aitunes.bounded_files import read_bounded
from aitunes.errors import TrainingError
from aitunes.experiments.history import HISTORY
from aitunes.experiments.run_files import LAST_CHECKPOINT
from training.data.processes import is_first_process
from training.fit.run_record import LOG, RECORD, process_started

LOCK = ".training.lock"
_MAX_BYTES = 4_096
_SAME_PROCESS_SECONDS = 60.0


@contextmanager
def lock_run(folder: Path) -> Iterator[None]:
    """Hold a run's folder for this training; of several processes the first one does so for all.

    Raises:
        TrainingError: another training writes there.
    """
    if not is_first_process():
        yield
        return
    missing = [path for path in (folder, *folder.parents) if not path.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder / LOCK
    _take(lock, folder)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # a training that was refused leaves no empty folders
            for path in missing:
                path.rmdir()


def _take(lock: Path, folder: Path) -> None:
    pid = os.getpid()
    owner = json.dumps({"host": socket.gethostname(), "pid": pid, "started": process_started(pid)})
    for _ in range(3):
        try:
            with lock.open("x", encoding="utf-8") as stream:
                stream.write(owner)
            return
        except FileExistsError:
            if _is_held(lock, folder):
                raise TrainingError(
                    f"Another training writes to {folder}. Wait for it, stop it, or name this one with --run NAME."
                ) from None
            lock.unlink(missing_ok=True)  # of a process that was killed
    raise TrainingError(f"{lock} comes back whenever it is removed; name this training with --run NAME.")


def _is_held(lock: Path, folder: Path) -> bool:
    try:
        owner = json.loads(read_bounded(lock, _MAX_BYTES))
        host, pid, started = str(owner["host"]), int(owner["pid"]), float(owner["started"])
    except FileNotFoundError:
        return False
    except (OSError, ValueError, TypeError, KeyError, OverflowError, RecursionError):
        # Half written at this moment, or by something else.
        raise TrainingError(
            f"{lock} says that a training writes to {folder}, but not which; delete it if none does."
        ) from None
    if host != socket.gethostname():
        raise TrainingError(f"A training on {host} writes to {folder}; delete {lock} if it does not run any more.")
    return abs(process_started(pid) - started) < _SAME_PROCESS_SECONDS and process_started(pid) > 0.0


def keep_older_run(folder: Path, now: datetime) -> Path | None:
    """Move a trained run's files into a folder named after their time, inside its own.

    Returns:
        The folder that they are in now; None where there was no checkpoint.
    """
    last = folder / LAST_CHECKPOINT
    if not last.is_file() or not is_first_process():
        return None
    name = f"before-{now:%Y-%m-%d-%H%M%S}"
    kept = next(folder / f"{name}{end}" for end in _endings() if not (folder / f"{name}{end}").exists())
    entries = [entry for entry in folder.iterdir() if not _is_other_run(entry) and entry.name not in (LOCK, LOG)]
    kept.mkdir()
    for entry in entries:
        entry.rename(kept / entry.name)
    return kept


def _endings() -> Iterator[str]:
    yield ""
    yield from (f"-{n}" for n in range(2, 10_000))


def _is_other_run(entry: Path) -> bool:
    return entry.is_dir() and any((entry / name).is_file() for name in (LAST_CHECKPOINT, RECORD, HISTORY, LOG))
