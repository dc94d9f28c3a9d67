"""Queues tasks for the worker: bounded, fair between senders, and without those that a later one replaces."""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from instrument.namespace import ROOT
from instrument.scores.gestures import Take
from instrument.synthesis.snapshot import Snapshot
from instrument.synthesis.timeline import Call, Event

MAX_OF_SENDER = 64
"""Limits the tasks of one sender that wait."""
MAX_TASKS = 512
"""Limits the tasks of all senders that wait."""
REPLACED = "a later one of yours has replaced it before it began"
_TOO_MANY = f"{MAX_OF_SENDER} commands of yours wait already; send the next ones when these are done"
_FULL = "too many commands wait already; send this one later"
_REPLACING = frozenset(
    f"{ROOT}{path}" for path in ("/release/load", "/device/set", "/device/block", "/device/channels", "/input/channels")
)
"""Lists the commands of which only the last one matters, if nothing of the same sender stands between them."""
_SYNC = "/sync"


@dataclass(frozen=True, slots=True)
class Task:
    """A command or request, with what it captured at its hop.

    Args:
        event: from its sender.
        captured: the snapshot or the gesture that the synth's thread took for it.
    """

    event: Event
    captured: Snapshot | Take | None = None

    def is_replaced_by(self, other: Task) -> bool:
        """Return whether the other task, which comes right after it, makes this one pointless."""
        return self.event.path == other.event.path and self.event.path in _REPLACING


class TaskQueue:
    """Takes tasks from any thread; one thread gets them, from each sender in turn.

    Args:
        refuse: takes a task that will never run, and a sentence that says why.
    """

    def __init__(self, refuse: Callable[[Task, str], None]) -> None:
        self._refuse = refuse
        # By sender, the one whose turn is next first; each task with its number in the order of arrival.
        self._queues: OrderedDict[Any, deque[tuple[int, Task | Call]]] = OrderedDict()
        self._count = self._arrived = 0
        self._running = False
        self._closed = False
        # The synth's thread takes this lock, too; whoever has it only moves an entry or two.
        self._changed = threading.Condition()

    @property
    def idle(self) -> bool:
        """Return whether no task waits or runs."""
        return self._count == 0 and not self._running

    def put(self, task: Task | Call) -> None:
        """Queue a task, or refuse it or another one; a call that waits already is not queued twice in a row."""
        with self._changed:
            refused = self._put(task)
            self._changed.notify()
        if refused is not None:
            self._refuse(*refused)

    def get(self) -> Task | Call | None:
        """Wait for the next task; None after `close`. The task of before counts as finished."""
        with self._changed:
            self._running = False
            while not self._count and not self._closed:
                self._changed.wait()
            if self._closed:
                return None
            self._running = True
            return self._next()

    def close(self) -> None:
        """Drop what waits."""
        with self._changed:
            self._closed = True
            self._queues.clear()
            self._count = 0
            self._changed.notify()

    def _put(self, task: Task | Call) -> tuple[Task, str] | None:
        sender = task.event.origin if isinstance(task, Task) else None
        queue = self._queues.get(sender, deque())
        refused = None
        last = queue[-1][1] if queue else None
        if isinstance(task, Call):
            if task == last or len(queue) >= MAX_TASKS:
                return None
        else:
            if isinstance(last, Task) and last.is_replaced_by(task):
                queue.pop()
                self._count -= 1
                refused = last, REPLACED
            elif len(queue) >= MAX_OF_SENDER:
                return task, _TOO_MANY
            elif self._count >= MAX_TASKS:
                refused = self._make_room(len(queue))
                if refused is None:
                    return task, _FULL
        self._queues[sender] = queue
        self._arrived += 1
        self._count += 1
        queue.append((self._arrived, task))
        return refused

    def _make_room(self, count: int) -> tuple[Task, str] | None:
        """Drop the last task of the sender that has the most, if that is more than `count` and one."""
        queue = max(self._queues.values(), key=len)
        task = queue[-1][1]
        if len(queue) <= count + 1 or isinstance(task, Call):
            return None
        queue.pop()
        self._count -= 1
        return task, _FULL

    def _next(self) -> Task | Call:
        first = min(queue[0][0] for queue in self._queues.values())
        # /sync is answered when all that arrived before it has finished, whoever sent it.
        sender = next(
            sender for sender, queue in self._queues.items() if queue[0][0] == first or not _is_sync(queue[0][1])
        )
        queue = self._queues.pop(sender)
        _, task = queue.popleft()
        self._count -= 1
        if queue:
            self._queues[sender] = queue
        return task


def _is_sync(task: Task | Call) -> bool:
    return isinstance(task, Task) and task.event.path == _SYNC
