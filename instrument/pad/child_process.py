"""Starts and ends the child processes of the pad."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment

from aitunes.printable import printable
from aitunes.release.processes import own_process

_ENDING_MS = 3_000
_MAX_CHARACTERS = 400


def child_process(
    parent: QObject, module: str, words: Sequence[str], command: Sequence[str] | None = None, one_thread: bool = True
) -> QProcess:
    """Return a process that is ready to start: one of this package's modules, and no telemetry there.

    Args:
        parent: owns it.
        module, words: what `python -m` would be given.
        command: the program and its words before `words`, instead of the module.
        one_thread: see `own_process`.
    """
    own, variables = own_process(module, *words, one_thread=one_thread)
    program, *rest = own if command is None else [*command, *words]
    environment = QProcessEnvironment()
    for name, value in variables.items():
        environment.insert(name, value)
    process = QProcess(parent)
    process.setProcessEnvironment(environment)
    process.setProgram(program)
    process.setArguments(rest)
    return process


def last_words(process: QProcess, otherwise: str) -> str:
    """Return the last sentence that a process has put to standard error, fit to be shown.

    Args:
        otherwise: the sentence where it has said nothing.
    """
    lines = bytes(process.readAllStandardError().data()).decode(errors="replace").strip().splitlines()
    return printable((lines[-1].removeprefix("aitunes: ") if lines else otherwise)[:_MAX_CHARACTERS])


def end_child(process: QProcess, patience_ms: int = _ENDING_MS) -> None:
    """End a process, by force where it does not end by itself; it signals nothing any more."""
    process.blockSignals(True)
    process.terminate()
    if not process.waitForFinished(patience_ms):
        process.kill()
        process.waitForFinished(patience_ms)
