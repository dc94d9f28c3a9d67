"""What an event does at its hop: change the performance, answer, or go on to the worker."""

from __future__ import annotations

import time
from typing import Protocol

from instrument.engine.changes import Changes
from instrument.engine.publisher import Publisher
from instrument.engine.worker import Mark, Worker
from instrument.measures import Recent
from instrument.namespace import DRONE, ROOT, Address, Kind, MessageError, Value
from instrument.outputs import Output
from instrument.scores.gestures import PLAY, RECORD, STOP, Gestures
from instrument.storage.recorder import Recorder
from instrument.synthesis.performance import Performance
from instrument.synthesis.timeline import Event


class Played(Protocol):
    """What an event may touch of the engine."""

    performance: Performance
    output: Output
    gestures: Gestures
    worker: Worker
    publisher: Publisher
    changes: Changes
    recorder: Recorder

    @property
    def rows(self) -> dict[str, Address]:
        """The namespace by concrete path, for the playing release."""


class EventHandler:
    """Obeys events, on the synth's thread.

    Args:
        engine: whose events they are.
    """

    def __init__(self, engine: Played) -> None:
        self._engine = engine
        self._delays = Recent()

    @property
    def delay_seconds(self) -> float:
        """From a message's arrival until it is obeyed, a median."""
        return self._delays.median

    def apply(self, event: Event) -> None:
        """Obey one event, or tell its author why not; raises nothing."""
        try:
            self._obey(event)
        except MessageError as error:
            self._engine.publisher.reply(event.origin, "/fail", (event.path, str(error)))
        except Exception as error:  # noqa: BLE001  a defect in one event must not cost the others of its hop
            self._engine.publisher.reply(event.origin, "/fail", (event.path, f"internal error: {error!r}"))

    def _obey(self, event: Event) -> None:
        if event.call is not None:
            event.call()
            return
        if event.arrived:
            self._delays.add(max(0.0, time.time() - event.arrived))
        if event.values is None:
            self._engine.publisher.reply(event.origin, event.path, self._value(event.path))
            return
        if event.kind not in (Kind.SETTING, Kind.ACTION):
            self._engine.worker.submit(event, self._mark(event))
            return
        performance = self._engine.performance
        lookahead, drone = performance.lookahead, performance.allocator.drone
        performance.apply(event.path, event.values)
        self._engine.gestures.hear(event, performance)
        if performance.lookahead != lookahead:
            self._engine.worker.submit(Event("", Kind.ACTION, call=self._engine.changes.change_lookahead))
        self._engine.publisher.announce(event.origin, event.path, event.values)
        if event.path != DRONE:
            self.announce_drone(drone)

    def announce_drone(self, before: bool) -> None:
        """Tell everyone of a drone that something else switched: its author may not expect it either."""
        if self._engine.performance.allocator.drone != before:
            self._engine.publisher.announce(None, DRONE, (not before,))

    def _mark(self, event: Event) -> Mark | None:
        """What a command needs of its place among the settings, which it would find changed when it is obeyed."""
        if event.path == RECORD and event.values:
            return self._engine.gestures.begin(str(event.values[0]), self._engine.performance, self._engine.rows)
        if event.path == STOP:
            return self._engine.gestures.end()
        if event.path == f"{ROOT}/snapshot/save" and self._engine.worker.idle:
            return self._engine.performance.snapshot()
        return None

    def _value(self, path: str) -> tuple[Value, ...]:
        if path == f"{ROOT}/release/load":
            return (self._engine.performance.release,)
        if path == f"{ROOT}/device/set":
            return (self._engine.output.name,)
        if path == f"{ROOT}/device/block":
            return (self._engine.changes.blocksize,)
        if path == f"{ROOT}/record/start":
            return (self._engine.recorder.name,)
        if path in (RECORD, PLAY):
            return self._engine.gestures.values[path]
        return self._engine.performance.value(path)
