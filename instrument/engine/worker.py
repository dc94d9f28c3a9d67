"""Work that takes time, beside the synth: releases, recordings, snapshots, devices; one thing after another."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Protocol

from aitunes.errors import AiTunesError
from aitunes.release.card import ReleaseCard
from instrument.engine.changes import Changes
from instrument.engine.hotplug import DeviceScanner
from instrument.engine.publisher import Publisher
from instrument.namespace import ROOT, Kind, MessageError, Value
from instrument.osc.subscribers import Peer
from instrument.scores.gesture_store import GestureStore
from instrument.scores.gestures import NOTHING, PLAY, RECORD, GestureError, Gestures, Replay, Take
from instrument.scores.score import parse_score
from instrument.storage.library import Library
from instrument.storage.recorder import Recorder
from instrument.storage.snapshots import SnapshotStore
from instrument.synthesis.performance import Performance, Snapshot
from instrument.synthesis.timeline import Event

_MAX_TEXT = 60_000
_MAX_NAME = 120

Mark = Snapshot | Take
"""What a command needs of the hop at which it arrived."""


class Stage(Protocol):
    """What the worker needs of the engine."""

    performance: Performance
    gestures: Gestures
    devices: DeviceScanner

    @property
    def card(self) -> ReleaseCard:
        """The playing release's card."""

    @property
    def changes(self) -> Changes:
        """Changes of release and device."""

    def on_synth_thread(self, call: Callable[[], None]) -> None:
        """Run something at the next hop, and return when it has run; raises what it raised."""


class Worker:
    """Obeys commands and requests in the order of their arrival, and answers who asked.

    Args:
        stage: the engine.
        library, recorder, snapshots, gestures: what commands work on.
        publisher: sends answers, and changes to the others.
    """

    def __init__(
        self,
        stage: Stage,
        library: Library,
        recorder: Recorder,
        snapshots: SnapshotStore,
        gestures: GestureStore,
        publisher: Publisher,
    ) -> None:
        self._stage = stage
        self._library = library
        self._recorder = recorder
        self._snapshots = snapshots
        self._gestures = gestures
        self._publisher = publisher
        self._reply = publisher.reply
        self._tasks: queue.SimpleQueue[tuple[Event, Mark | None] | None] = queue.SimpleQueue()
        self._submitted = self._finished = 0
        self._mark: Mark | None = None
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)
        self._handlers: dict[str, Callable[..., object]] = {
            "/release/load": lambda peer, name: stage.changes.load_release(name),
            "/release/list": self._list_releases,
            "/release/info": self._describe_release,
            "/snapshot/save": self._save_snapshot,
            "/snapshot/delete": lambda peer, name: snapshots.delete(name),
            "/snapshot/recall": self._recall,
            "/snapshot/list": self._list_snapshots,
            "/gesture/record": self._record_gesture,
            "/gesture/stop": self._stop_gesture,
            "/gesture/play": self._play_gesture,
            "/gesture/delete": lambda peer, name: gestures.delete(name),
            "/gesture/list": self._list_gestures,
            "/record/start": lambda peer, name: recorder.start(name),
            "/record/stop": lambda peer: recorder.stop(),
            "/device/list": self._list_devices,
            "/device/set": lambda peer, name: stage.changes.set_device(name),
            "/device/block": lambda peer, frames: stage.changes.set_block(frames),
            "/sync": lambda peer, number: self._reply(peer, "/synced", (number,)),
        }

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    @property
    def idle(self) -> bool:
        """Whether all that was submitted is finished; synth's thread only."""
        return self._finished == self._submitted

    def submit(self, event: Event, mark: Mark | None = None) -> None:
        """Queue a command or request, with what it needs of this hop; never blocks; synth's thread only."""
        self._submitted += 1
        self._tasks.put((event, mark))

    def close(self) -> None:
        """Finish what is under way, drop what is queued, and end; a task that hangs is waited for 5 s."""
        self._closing = True
        self._tasks.put(None)
        self._thread.join(timeout=5.0)

    def _run(self) -> None:
        while (task := self._tasks.get()) is not None and not self._closing:
            event, self._mark = task
            try:
                self._obey(event)
            except AiTunesError as error:
                self._reply(event.origin, "/fail", (event.path, _shortened(str(error), event.values)))
            except Exception as error:  # noqa: BLE001  a defect in one command must not end all the later ones
                self._reply(event.origin, "/fail", (event.path, f"internal error: {error!r}"))
            finally:
                self._finished += 1

    def _obey(self, event: Event) -> None:
        if event.call is not None:
            event.call()
            return
        values: tuple[Value, ...] = event.values or ()
        self._handlers[event.path.removeprefix(ROOT)](event.origin, *values)
        if event.kind is Kind.COMMAND:
            self._reply(event.origin, "/done", (event.path, *values))
            self._publisher.announce(event.origin, event.path, values)

    def _list_releases(self, peer: Peer | None) -> None:
        cards, _ = self._library.cards()
        for name, card in cards.items():
            self._reply(peer, f"{ROOT}/release", (name, card.public_name, card.description, card.latent_dim))
        self._reply(peer, "/done", (f"{ROOT}/release/list", len(cards)))

    def _describe_release(self, peer: Peer | None) -> None:
        text = self._stage.card.to_json()
        if len(text) > _MAX_TEXT:
            raise MessageError(f"the card has {len(text)} characters, more than a datagram carries; read card.json")
        self._reply(peer, f"{ROOT}/release/info", (text,))

    def _save_snapshot(self, peer: Peer | None, name: str) -> None:
        taken = self._mark if isinstance(self._mark, Snapshot) else self._stage.performance.snapshot()
        self._snapshots.save(name, taken)

    def _recall(self, peer: Peer | None, name: str, morph_seconds: float) -> None:
        snapshot = self._snapshots.get(name)
        performance = self._stage.performance

        def recall() -> None:
            before = performance.snapshot()
            performance.recall(snapshot, morph_seconds)
            for setting, values in snapshot.settings.items():
                if values != before.settings[setting]:
                    self._publisher.announce(peer, ROOT + setting, tuple(values))
            self._publisher.announce(peer, f"{ROOT}/latent", performance.value(f"{ROOT}/latent"))

        self._stage.on_synth_thread(recall)

    def _list_snapshots(self, peer: Peer | None) -> None:
        names = self._snapshots.names()
        for name in names:
            self._reply(peer, f"{ROOT}/snapshot", (name,))
        self._reply(peer, "/done", (f"{ROOT}/snapshot/list", len(names)))

    def _record_gesture(self, peer: Peer | None, name: str) -> None:
        take = self._mark
        if not isinstance(take, Take):
            raise GestureError("a gesture is being recorded already; /aitunes/gesture/stop ends it")
        try:
            self._gestures.check(name)
        except AiTunesError:
            self._stage.on_synth_thread(lambda: self._stage.gestures.abandon(take))
            raise

    def _stop_gesture(self, peer: Peer | None) -> None:
        if isinstance(self._mark, Take):
            self._gestures.write(self._mark.name, self._mark.score())
            self._publisher.announce(peer, RECORD, ("",))
            return
        stopped: list[bool] = []
        self._stage.on_synth_thread(lambda: stopped.append(self._stage.gestures.stop()))
        if not any(stopped):
            raise GestureError("no gesture is being recorded or replayed")
        self._publisher.announce(peer, PLAY, NOTHING)

    def _play_gesture(self, peer: Peer | None, name: str, loop: int, speed: float) -> None:
        lines = parse_score(self._gestures.read(name), self._stage.card, self._library.card)
        replay = Replay(name, lines, bool(loop), speed)
        self._stage.on_synth_thread(lambda: self._stage.gestures.play(replay))

    def _list_gestures(self, peer: Peer | None) -> None:
        names = self._gestures.names()
        for name in names:
            self._reply(peer, f"{ROOT}/gesture", (name,))
        self._reply(peer, "/done", (f"{ROOT}/gesture/list", len(names)))

    def _list_devices(self, peer: Peer | None) -> None:
        devices = self._stage.devices.devices()
        for device in devices:
            self._reply(peer, f"{ROOT}/device", (device["name"], device["host"], float(device["sample_rate"])))
        self._reply(peer, "/done", (f"{ROOT}/device/list", len(devices)))


def _shortened(sentence: str, values: tuple[Value, ...] | None) -> str:
    """A sentence without the whole of the long names that it repeats."""
    for name in values or ():
        if isinstance(name, str) and len(name) > _MAX_NAME:
            sentence = sentence.replace(name, f"{name[:_MAX_NAME]}…")
    return sentence
