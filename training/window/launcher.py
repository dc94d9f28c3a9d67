"""Starts training processes that outlive the window."""

from __future__ import annotations

import subprocess
import time
from datetime import datetime
from pathlib import Path

from aitunes.errors import TrainingError
from aitunes.release.processes import own_process
from training.fit.run_record import LOG, RunRecord, process_started, write_record
from training.window.choice import Choice, new_run_name


def start_training(choice: Choice) -> Path:
    """Start a detached process that trains; returns the run's folder.

    Raises:
        TrainingError: the folder or the process cannot be made.
    """
    folder = _new_folder(choice)
    command, environment = own_process("training.cli", *choice.training_words(folder.name), one_thread=False)
    try:
        with (folder / LOG).open("wb") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )
    except OSError as error:
        raise TrainingError(f"{command[0]} cannot be started: {error.strerror}.") from error
    write_record(folder, _record(choice, process.pid))
    return folder


def _record(choice: Choice, pid: int) -> RunRecord:
    """Make the record of a run that is known before its process writes one."""
    return RunRecord(
        choice.experiment,
        choice.scenario,
        time.time(),
        pid,
        process_started(pid),
        choice.epochs,
        choice.save_every,
    )


def _new_folder(choice: Choice) -> Path:
    name = new_run_name(datetime.now())
    for n in range(2, 100):
        try:
            folder = choice.run_folder(name)
            folder.mkdir(parents=True)
            return folder
        except FileExistsError:  # two within a second
            name = f"{new_run_name(datetime.now())}-{n}"
        except OSError as error:
            raise TrainingError(f"{choice.runs} cannot hold runs: {error.strerror}.") from error
    raise TrainingError(f"{choice.run_folder(name).parent} is full of runs of this second; try again.")
