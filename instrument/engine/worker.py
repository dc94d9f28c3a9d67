"""Runs work that takes time on a thread beside the synth, one task after another."""

from __future__ import annotations

import threading
from collections.abc import Callable

from aitunes.errors import AiTunesError
from instrument.engine.publisher import Publisher
from instrument.engine.task_queue import Task, TaskQueue
from instrument.namespace import Value
from instrument.synthesis.timeline import Call

_MAX_NAME = 120
_CLOSE_SECONDS = 0.5


class Worker:
    """Runs commands, requests and calls; a failure is answered by `/fail`.

    Args:
        run: runs a task; raises an `AiTunesError` to refuse it.
        publisher: sends refusals.
    """

    def __init__(self, run: Callable[[Task], None], publisher: Publisher) -> None:
        self._run_task = run
        self._publisher = publisher
        self._tasks = TaskQueue(self._fail)
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    @property
    def idle(self) -> bool:
        """Return whether all that was submitted has finished."""
        return self._tasks.idle

    def submit(self, task: Task | Call) -> None:
        """Queue a task; from any thread, and returns at once."""
        self._tasks.put(task)

    def close(self) -> None:
        """Drop the queued tasks, and end once the running one has finished, which is waited for half a second."""
        self._tasks.close()
        if self._thread.ident is not None:
            self._thread.join(_CLOSE_SECONDS)

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                if isinstance(task, Call):
                    task.function()
                else:
                    self._run_task(task)
            except AiTunesError as error:
                self._fail(task, str(error))
            except Exception as error:  # noqa: BLE001  a defect in one command must not end all the later ones
                self._fail(task, f"internal error: {error!r}")

    def _fail(self, task: Task | Call, reason: str) -> None:
        if isinstance(task, Call):
            self._publisher.warn(f"Work beside the sound failed: {reason}")
        else:
            event = task.event
            self._publisher.reply(event.origin, "/fail", (event.path, _shortened(reason, event.values)))


def _shortened(sentence: str, values: tuple[Value, ...] | None) -> str:
    """Shorten long names that a sentence repeats."""
    for name in values or ():
        if isinstance(name, str) and len(name) > _MAX_NAME:
            sentence = sentence.replace(name, f"{name[:_MAX_NAME]}…")
    return sentence
