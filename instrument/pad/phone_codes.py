"""Fetches the codes that make a phone a pad, from the page that is served on this machine."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QObject, QProcess, Signal

from instrument.pad.child_process import child_process, end_child, last_words

_MAX_MODULES = 177  # along a side of the largest code


@dataclass(frozen=True)
class PhoneCode:
    """Holds what a phone scans.

    Args:
        url: the address of the page, with the token.
        minutes: for which it can be used, once.
        modules: rows of the code, True where it is dark.
    """

    url: str
    minutes: int
    modules: tuple[tuple[bool, ...], ...]

    @classmethod
    def parse(cls, text: str) -> PhoneCode:
        """Read what `aitunes phone --json` prints.

        Raises:
            ValueError: it is something else.
        """
        match json.loads(text):
            case {"url": str(url), "seconds": int(seconds), "modules": [*rows]} if 0 < len(rows) <= _MAX_MODULES:
                if all(isinstance(row, str) and len(row) == len(rows) and set(row) <= {"0", "1"} for row in rows):
                    return cls(url, max(1, seconds // 60), tuple(tuple(cell == "1" for cell in row) for row in rows))
        raise ValueError("no code")


class PhoneCodes(QObject):
    """Runs `aitunes phone`, one at a time.

    Args:
        http_port: of the page; None takes the default.
        command: the program and its words before those of `phone`; None takes this package.
    """

    came = Signal(PhoneCode)
    forgotten = Signal()
    failed = Signal(str)
    """A sentence for the performer."""

    def __init__(
        self,
        http_port: int | None = None,
        parent: QObject | None = None,
        command: Sequence[str] | None = None,
    ) -> None:
        super().__init__(parent)
        self._place = [] if http_port is None else ["--http-port", str(http_port)]
        self._command = command
        self._process: QProcess | None = None

    def ask(self) -> None:
        """Ask for a code for one phone."""
        self._run("--json")

    def forget(self) -> None:
        """Forget all phones that are paired."""
        self._run("--forget")

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            end_child(process)

    def _run(self, word: str) -> None:
        if self._process is not None:
            return
        process = self._process = child_process(self, "instrument", ["phone", word, *self._place], self._command)
        process.finished.connect(self._end)
        process.errorOccurred.connect(self._fail_to_start)
        process.start()

    def _fail_to_start(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        ended_well = process.exitStatus() is QProcess.ExitStatus.NormalExit and process.exitCode() == 0
        try:
            if not ended_well:
                raise ValueError("it says why")
            if "--forget" in process.arguments():
                self.forgotten.emit()
            else:
                self.came.emit(PhoneCode.parse(bytes(process.readAllStandardOutput().data()).decode()))
        except (ValueError, RecursionError):
            self.failed.emit(last_words(process, "There is no code."))
        process.deleteLater()
