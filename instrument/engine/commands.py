"""Runs the commands and requests of the namespace: releases, snapshots, gestures, recordings, devices."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from aitunes.errors import AiTunesError, reason
from aitunes.release.told_card import told_card
from instrument.engine.changes import Changes
from instrument.engine.position_feed import PositionFeed
from instrument.engine.publisher import Publisher
from instrument.engine.stores import Stores
from instrument.engine.synth_thread import SynthThread
from instrument.engine.task_queue import Task
from instrument.namespace import ROOT, Kind, Value
from instrument.scores.gesture_journal import GestureJournal
from instrument.scores.gestures import NOTHING, PLAY, RECORD, GestureError, Gestures, Replay, Take
from instrument.scores.score import ScoreError, parse_score
from instrument.storage.set_list import Song
from instrument.synthesis.snapshot import Snapshot


class Commands:
    """Runs one task after another, on the worker's thread, and answers the sender.

    Args:
        synth_thread: plays.
        stores: what commands read and write.
        gestures: records and replays, on the synth's thread.
        changes: change what plays, where to, and what is listened to.
        publisher: sends answers, and changes to the other subscribers.
        feed: notified of changes of the position.
    """

    def __init__(
        self,
        synth_thread: SynthThread,
        stores: Stores,
        gestures: Gestures,
        changes: Changes,
        publisher: Publisher,
        feed: PositionFeed,
    ) -> None:
        self._synth_thread = synth_thread
        self._stores = stores
        self._gestures = gestures
        self._releases = changes.releases
        devices, inputs, sets, scanner = changes.devices, changes.inputs, changes.sets, changes.scanner
        self._publisher = publisher
        self._feed = feed
        self._reply = publisher.reply
        self._journal: GestureJournal | None = None
        self._handlers: dict[str, Callable[..., object]] = {
            "/release/load": self._load_release,
            "/release/list": self._list_releases,
            "/release/info": self._describe_release,
            "/snapshot/save": self._save_snapshot,
            "/snapshot/delete": lambda task, name: stores.snapshots.delete(name),
            "/snapshot/recall": lambda task, name, seconds: changes.recalls.recall(name, seconds),
            "/snapshot/list": lambda task: self._list(task, "snapshot", stores.snapshots.names()),
            "/gesture/record": self._record_gesture,
            "/gesture/stop": self._stop_gesture,
            "/gesture/play": self._play_gesture,
            "/gesture/delete": lambda task, name: stores.gestures.delete(name),
            "/gesture/list": lambda task: self._list(task, "gesture", stores.gestures.names()),
            "/record/start": lambda task, name: stores.recorder.start(name),
            "/record/stop": lambda task: stores.recorder.stop(),
            "/device/list": lambda task: self._list_devices(task, "device", scanner.devices()),
            "/device/set": lambda task, name: devices.set_device(name),
            "/device/block": lambda task, frames: devices.set_block(frames),
            "/device/channels": lambda task, left, right: devices.set_channels(left, right),
            "/input/on": lambda task, on: inputs.set_on(on),
            "/input/device/list": lambda task: self._list_devices(task, "input/device", scanner.inputs()),
            "/input/device/set": lambda task, name: inputs.set_device(name),
            "/input/channels": lambda task, first, second: inputs.set_channels(first, second),
            "/set/song": lambda task, number: sets.go(number),
            "/set/next": lambda task: sets.go(sets.number + 1),
            "/set/previous": lambda task: sets.go(sets.number - 1),
            "/set/list": lambda task: self._list_songs(task, sets.songs),
            "/sync": lambda task, number: self._reply(task.event.origin, "/synced", (number,)),
        }

    def run(self, task: Task) -> None:
        """Run a task and answer its sender.

        Raises:
            AiTunesError: it cannot be done; the sentence is for the sender.
        """
        event = task.event
        values: tuple[Value, ...] = event.values or ()
        self._handlers[event.path.removeprefix(ROOT)](task, *values)
        if event.kind is Kind.COMMAND:
            self._reply(event.origin, "/done", (event.path, *values))
            self._publisher.notify(event.origin, event.path, values)

    def _load_release(self, task: Task, name: str) -> None:
        self._releases.load(name)
        self._feed.note_change(None)

    def _list(self, task: Task, kind: str, names: list[str]) -> None:
        for name in names:
            self._reply(task.event.origin, f"{ROOT}/{kind}", (name,))
        self._reply(task.event.origin, "/done", (f"{ROOT}/{kind}/list", len(names)))

    def _list_releases(self, task: Task) -> None:
        peer = task.event.origin
        summaries = self._stores.library.summaries()
        for name, found in summaries.items():
            self._reply(peer, f"{ROOT}/release", (name, found.public_name, found.description, found.latent_dim))
        self._reply(peer, "/done", (f"{ROOT}/release/list", len(summaries)))

    def _describe_release(self, task: Task) -> None:
        self._reply(task.event.origin, f"{ROOT}/release/info", (told_card(self._synth_thread.card),))

    def _save_snapshot(self, task: Task, name: str) -> None:
        captured = task.captured
        snapshot = captured if isinstance(captured, Snapshot) else self._synth_thread.performance.snapshot()
        self._stores.snapshots.save(name, snapshot)

    def _record_gesture(self, task: Task, name: str) -> None:
        take = task.captured
        if not isinstance(take, Take):
            raise GestureError("a gesture is being recorded already; /aitunes/gesture/stop ends it")
        try:
            self._stores.gestures.check(name)
            self._journal = self._stores.gestures.journal(take)
        except AiTunesError:
            self._synth_thread.at_next_hop(lambda: self._gestures.abandon(take))
            raise

    def _stop_gesture(self, task: Task) -> None:
        author = task.event.origin
        if isinstance(task.captured, Take):
            self._stores.gestures.write(task.captured.name, task.captured.score())
            self._end_journal()
            self._publisher.notify(author, RECORD, ("",))
            return
        stopped: list[bool] = []
        self._synth_thread.at_next_hop(lambda: stopped.append(self._gestures.stop()))
        if not any(stopped):
            raise GestureError("no gesture is being recorded or replayed")
        self._publisher.notify(author, PLAY, NOTHING)

    def keep_gesture(self) -> None:
        """Write to disk what has been recorded of a gesture so far; on the worker's thread."""
        journal = self._journal
        if journal is None:
            return
        try:
            journal.keep()
        except OSError as error:
            self._journal = None
            self._publisher.warn(f"The gesture {journal.take.name} is in memory alone: {reason(error)}.")

    @property
    def records_gesture(self) -> bool:
        """Return whether there is something for `keep_gesture` to do."""
        return self._journal is not None

    def close(self) -> None:
        """Leave a gesture that is being recorded to the next start; once the worker has ended."""
        journal, self._journal = self._journal, None
        if journal is not None:
            with suppress(OSError):
                journal.leave()

    def _end_journal(self) -> None:
        journal, self._journal = self._journal, None
        if journal is not None:
            journal.close()

    def _play_gesture(self, task: Task, name: str, loop: int, speed: float) -> None:
        card, card_of, gestures = self._synth_thread.card, self._stores.library.card, self._stores.gestures
        try:
            lines = parse_score(gestures.read(name), card, card_of)
        except ScoreError:
            lines = parse_score(gestures.mend(name), card, card_of)
        replay = Replay(name, lines, bool(loop), speed)
        transport = self._synth_thread.performance.transport
        self._synth_thread.at_next_hop(lambda: self._gestures.play(replay, transport))

    def _list_songs(self, task: Task, songs: tuple[Song, ...]) -> None:
        for number, song in enumerate(songs, 1):
            self._reply(task.event.origin, f"{ROOT}/set", (number, song.name or song.release, song.release))
        self._reply(task.event.origin, "/done", (f"{ROOT}/set/list", len(songs)))

    def _list_devices(self, task: Task, kind: str, devices: list[dict[str, Any]]) -> None:
        peer = task.event.origin
        for device in devices:
            self._reply(peer, f"{ROOT}/{kind}", (device["name"], device["host"], float(device["sample_rate"])))
        self._reply(peer, "/done", (f"{ROOT}/{kind}/list", len(devices)))
