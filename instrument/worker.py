"""Work that takes time, beside the synth: releases, recordings, snapshots, devices; one thing after another."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any, Protocol

from aitunes.errors import AiTunesError
from instrument.library import Library
from instrument.namespace import ROOT, Kind, MessageError, Value
from instrument.osc.subscribers import Peer
from instrument.outputs.device import output_devices
from instrument.recorder import Recorder
from instrument.snapshots import SnapshotStore
from instrument.synthesis.performance import Performance
from instrument.synthesis.timeline import Event

_MOST_TEXT = 60_000

Reply = Callable[[Peer | None, str, tuple[Any, ...]], None]


class Stage(Protocol):
    """What the worker may do to the engine."""

    performance: Performance

    def load_release(self, name: str) -> None:
        """Change to another release, cross-faded."""

    def set_device(self, name: str) -> None:
        """Move the stream to another sound device."""

    def on_synth_thread(self, call: Callable[[], None]) -> None:
        """Run something at the next hop, and return when it has run; raises the `AiTunesError` that it raised."""


class Worker:
    """Obeys commands and requests in the order of their arrival, and answers who asked.

    Args:
        stage: the engine.
        library, recorder, snapshots: what commands work on.
        reply: sends a message to a peer; must be safe on any thread.
    """

    def __init__(
        self, stage: Stage, library: Library, recorder: Recorder, snapshots: SnapshotStore, reply: Reply
    ) -> None:
        self._stage = stage
        self._library = library
        self._recorder = recorder
        self._snapshots = snapshots
        self._reply = reply
        self._tasks: queue.SimpleQueue[Event | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)
        self._handlers: dict[str, Callable[..., object]] = {
            "/model/load": lambda peer, name: stage.load_release(name),
            "/model/list": self._list_releases,
            "/model/info": self._describe_release,
            "/snapshot/save": lambda peer, name: snapshots.save(name, stage.performance.snapshot()),
            "/snapshot/delete": lambda peer, name: snapshots.delete(name),
            "/snapshot/recall": self._recall,
            "/snapshot/list": lambda peer: reply(peer, f"{ROOT}/snapshot/list", tuple(snapshots.names())),
            "/record/start": lambda peer, name: recorder.start(name),
            "/record/stop": lambda peer: recorder.stop(),
            "/device/list": self._list_devices,
            "/device/set": lambda peer, name: stage.set_device(name),
            "/sync": lambda peer, number: reply(peer, "/synced", (number,)),
        }

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    def submit(self, event: Event) -> None:
        """Queue a command or request; never blocks."""
        self._tasks.put(event)

    def close(self) -> None:
        """Finish what is queued, and end."""
        self._tasks.put(None)
        self._thread.join(timeout=5.0)

    def _run(self) -> None:
        while (event := self._tasks.get()) is not None:
            try:
                self._obey(event)
            except AiTunesError as error:
                self._reply(event.origin, "/fail", (event.path, str(error)))
            except Exception as error:  # noqa: BLE001  a defect in one command must not end all the later ones
                self._reply(event.origin, "/fail", (event.path, f"internal error: {error!r}"))

    def _obey(self, event: Event) -> None:
        if event.call is not None:
            event.call()
            return
        values: tuple[Value, ...] = event.values or ()
        self._handlers[event.path.removeprefix(ROOT)](event.origin, *values)
        if event.kind is Kind.COMMAND:
            self._reply(event.origin, "/done", (event.path, *values))

    def _list_releases(self, peer: Peer | None) -> None:
        cards, _ = self._library.cards()
        for name, card in cards.items():
            self._reply(peer, f"{ROOT}/model", (name, card.public_name, card.description, card.latent_dim))
        self._reply(peer, "/done", (f"{ROOT}/model/list", len(cards)))

    def _describe_release(self, peer: Peer | None) -> None:
        cards, _ = self._library.cards()
        text = cards[self._stage.performance.release].to_json()
        if len(text) > _MOST_TEXT:
            raise MessageError(f"the card has {len(text)} characters, more than a datagram carries; read card.json")
        self._reply(peer, f"{ROOT}/model/info", (text,))

    def _recall(self, peer: Peer | None, name: str, morph_seconds: float) -> None:
        snapshot = self._snapshots.get(name)
        self._stage.on_synth_thread(lambda: self._stage.performance.recall(snapshot, morph_seconds))

    def _list_devices(self, peer: Peer | None) -> None:
        devices = output_devices()
        for device in devices:
            self._reply(peer, f"{ROOT}/device", (device["name"], device["host"], float(device["sample_rate"])))
        self._reply(peer, "/done", (f"{ROOT}/device/list", len(devices)))
