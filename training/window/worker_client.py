"""Sends requests to the worker process and receives its answers, without ever waiting."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, QProcess, QProcessEnvironment, Signal

from aitunes.release.processes import own_process

Done = Callable[[Any], None]


@dataclass
class _Request:
    action: str
    done: Done
    failed: Callable[[str], None]


class WorkerClient(QObject):
    """Owns one worker process, started with the first request and ended with this object.

    Signals:
        message: a sentence about what is going on, or why it failed.
        busy_changed: what is being done, or "" when nothing is.
    """

    message = Signal(str)
    busy_changed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._process = QProcess(self)
        self._process.setProcessChannelMode(QProcess.ProcessChannelMode.ForwardedErrorChannel)
        self._process.readyReadStandardOutput.connect(self._read)
        self._process.finished.connect(self._ended)
        self._process.errorOccurred.connect(self._ended)
        self._requests: dict[int, _Request] = {}
        self._next = 0

    @property
    def busy(self) -> str:
        """The oldest action that is not answered, or ""."""
        return next((request.action for request in self._requests.values()), "")

    @property
    def process_id(self) -> int:
        """The worker's process, 0 while there is none."""
        return int(self._process.processId())

    def waits_for(self, action: str) -> bool:
        """Return True while such a request is not answered."""
        return any(request.action == action for request in self._requests.values())

    def ask(
        self, action: str, parameters: dict[str, Any], done: Done, failed: Callable[[str], None] | None = None
    ) -> None:
        """Send a request.

        Args:
            action: its name in the worker's table.
            parameters: what else the action takes.
            done: called with the answer.
            failed: called with a sentence where it fails; by default it is emitted as a message.
        """
        if self._process.state() == QProcess.ProcessState.NotRunning:
            command, variables = own_process("training.window.worker", one_thread=False)
            environment = QProcessEnvironment()
            for name, value in variables.items():
                environment.insert(name, value)
            self._process.setProcessEnvironment(environment)
            self._process.start(command[0], command[1:])
        self._next += 1
        self._requests[self._next] = _Request(action, done, failed or self.message.emit)
        line = json.dumps({"id": self._next, "action": action, **parameters}) + "\n"
        self._process.write(line.encode())
        self.busy_changed.emit(self.busy)

    def close(self) -> None:
        """End the worker, whatever it is doing."""
        self._requests.clear()
        self._process.blockSignals(True)
        if self._process.state() != QProcess.ProcessState.NotRunning:
            self._process.kill()
            self._process.waitForFinished(2_000)

    def _read(self) -> None:
        while self._process.canReadLine():
            answer = json.loads(bytes(self._process.readLine().data()))
            if "message" in answer:
                self.message.emit(answer["message"])
                continue
            request = self._requests.pop(answer["id"])
            self.busy_changed.emit(self.busy)
            if "failed" in answer:
                request.failed(answer["failed"])
            else:
                request.done(answer["done"])

    def _ended(self) -> None:
        if self._process.state() != QProcess.ProcessState.NotRunning:
            return
        unanswered, self._requests = self._requests, {}
        for request in unanswered.values():
            request.failed(f"The worker process ended before it was done with: {request.action}. Try again.")
        self.busy_changed.emit("")
