"""Handles an event at its hop: changes the performance, answers a question, or passes a command to the worker."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from instrument.engine.changes import Changes
from instrument.engine.position_feed import PositionFeed
from instrument.engine.publisher import Publisher
from instrument.engine.relay import Relay
from instrument.engine.synth_thread import SynthThread
from instrument.engine.task_queue import Task
from instrument.engine.worker import Worker
from instrument.measures import Recent
from instrument.namespace import DRONE, PANIC, ROOT, Kind, MessageError, Value
from instrument.outputs import Output
from instrument.scores.gestures import PLAY, RECORD, STOP, Gestures, Take
from instrument.storage.recorder import Recorder
from instrument.synthesis.snapshot import Snapshot
from instrument.synthesis.timeline import Call, Event, Timeline


class EventHandler:
    """Handles events, on the synth's thread, and those that ask on any.

    Args:
        synth_thread: plays.
        worker: takes commands and requests.
        changes: know the values of their addresses, and change away from a release that fails, on the worker's thread.
        recorder, gestures: know the values of theirs.
        publisher: sends answers, and changes to the other subscribers.
        feed: notified of changes of the position.
        timeline: cleared in a panic.
        wall_clock: seconds of the arrival times.
    """

    def __init__(
        self,
        synth_thread: SynthThread,
        worker: Worker,
        changes: Changes,
        recorder: Recorder,
        gestures: Gestures,
        publisher: Publisher,
        feed: PositionFeed,
        timeline: Timeline,
        wall_clock: Callable[[], float],
    ) -> None:
        self._timeline = timeline
        self._synth_thread = synth_thread
        self._worker = worker
        self._releases, self._devices = changes.releases, changes.devices
        self._lookahead_call = Call(changes.releases.change_lookahead)
        devices, inputs, sets = changes.devices, changes.inputs, changes.sets
        self._gestures = gestures
        self._publisher = publisher
        self._feed = feed
        self._wall_clock = wall_clock
        self._delays = Recent()
        self._relay = Relay(publisher)
        self._values: dict[str, Callable[[], tuple[Value, ...]]] = {
            f"{ROOT}/release/load": lambda: (synth_thread.performance.release,),
            f"{ROOT}/device/set": lambda: (synth_thread.output.name,),
            f"{ROOT}/device/block": lambda: (devices.blocksize,),
            f"{ROOT}/device/channels": lambda: (*devices.channels, 0, 0)[:2],
            f"{ROOT}/input/on": lambda: (inputs.is_on,),
            f"{ROOT}/input/device/set": lambda: (inputs.device,),
            f"{ROOT}/input/channels": lambda: (*inputs.channels, 0, 0)[:2],
            f"{ROOT}/record/start": lambda: (recorder.name,),
            RECORD: lambda: gestures.values[RECORD],
            PLAY: lambda: gestures.values[PLAY],
            f"{ROOT}/set/song": lambda: (sets.number,),
        }

    @property
    def delay_seconds(self) -> float:
        """Return the time from a message's arrival to its hop, a median."""
        return self._delays.median

    def begin_hop(self, hop_seconds: float) -> None:
        """Replay the gesture's events of this hop."""
        self._gestures.advance(hop_seconds, self._synth_thread.performance.transport)

    def apply(self, event: Event) -> None:
        """Handle one event, or answer its sender why not; raises nothing."""
        try:
            self._handle(event)
        except MessageError as error:
            self._publisher.reply(event.origin, "/fail", (event.path, str(error)))
        except Exception as error:  # noqa: BLE001  a defect in one event must not cost the others of its hop
            self._publisher.reply(event.origin, "/fail", (event.path, f"internal error: {error!r}"))

    def lose_release(self, name: str) -> None:
        """Fall back to the release of before, beside the sound."""
        self._worker.submit(Call(partial(self._releases.fall_back, name)))

    def lose_output(self, output: Output, sentence: str) -> None:
        """Notify everyone of a lost device, and wait for its return."""
        self._devices.lose(output)
        self._publisher.notify(None, f"{ROOT}/device/set", (self._synth_thread.output.name,))
        self._publisher.warn(
            f"{sentence} Playing on without sound until it comes back; {ROOT}/device/set chooses another device."
        )

    def _handle(self, event: Event) -> None:
        if event.arrived and not event.asks:
            self._delays.add(max(0.0, self._wall_clock() - event.arrived))
        if event.values is None:
            self._publisher.reply(event.origin, event.path, self._value(event.path))
        elif event.kind in (Kind.SETTING, Kind.ACTION):
            self._change(event, event.values)
        elif event.kind is Kind.RELAY:
            self._relay.take(event, event.values)
        else:
            self._worker.submit(Task(event, self._captured(event)))

    def _change(self, event: Event, values: tuple[Value, ...]) -> None:
        performance = self._synth_thread.performance
        lookahead, drone = performance.lookahead, performance.allocator.drone
        came = event.kind is Kind.SETTING and event.origin is not None
        before = performance.value(event.path) if came else None
        performance.apply(event.path, values)
        if event.path == PANIC:
            self._gestures.stop()
            self._timeline.clear()
        self._gestures.hear(event, performance)
        if performance.lookahead != lookahead:
            self._worker.submit(self._lookahead_call)
        if before is None or performance.value(event.path) != before:
            # Engines and controllers that send on what they hear would otherwise go round for ever.
            self._publisher.notify(event.origin, event.path, values)
            self._feed.note(event.path, event.origin)
        if event.clipped:
            self._publisher.reply(event.origin, event.path, values)
        if event.path != DRONE and performance.allocator.drone != drone:
            # Something else has switched the drone, which its author may not expect either.
            self._publisher.notify(None, DRONE, (not drone,))

    def _captured(self, event: Event) -> Snapshot | Take | None:
        """Capture what a command needs of its position among the settings; they may have changed when it runs."""
        performance = self._synth_thread.performance
        if event.path == RECORD and event.values:
            return self._gestures.begin(str(event.values[0]), performance, self._synth_thread.rows)
        if event.path == STOP:
            return self._gestures.end()
        if event.path == f"{ROOT}/snapshot/save" and self._worker.idle:
            return performance.snapshot()
        return None

    def _value(self, path: str) -> tuple[Value, ...]:
        if self._relay.has(path):
            return self._relay.value(path)
        value = self._values.get(path)
        return self._synth_thread.performance.value(path) if value is None else value()
