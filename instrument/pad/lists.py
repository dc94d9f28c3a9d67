"""Mirrors the engine's lists of releases, snapshots, gestures and devices, each of which arrives item by item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal

from instrument.namespace import ROOT


@dataclass(frozen=True)
class ReleaseEntry:
    """Describes a release that the engine can load."""

    name: str
    public_name: str
    description: str
    latent_dim: int


class Sender(Protocol):
    """Sends messages to the engine."""

    def send(self, name: str, *arguments: Any) -> None:
        """Send one message to an address below the root."""


MAX_ITEMS = 10_000
_ITEMS = {f"{ROOT}/{kind}": kind for kind in ("release", "snapshot", "gesture", "device", "input/device")}
_LISTED = {f"{ROOT}/{kind}/list": kind for kind in _ITEMS.values()}
_WHEN_ASKED = "input/device"
_CHANGING = {
    f"{ROOT}/snapshot/save": "snapshot",
    f"{ROOT}/snapshot/delete": "snapshot",
    f"{ROOT}/gesture/record": "gesture",
    f"{ROOT}/gesture/stop": "gesture",
    f"{ROOT}/gesture/delete": "gesture",
}


class Lists(QObject):
    """Holds the engine's lists, each as it was when it last arrived completely."""

    changed = Signal(str)
    """Which one: release, snapshot, gesture, device or input/device."""

    def __init__(self, sender: Sender) -> None:
        super().__init__()
        self._sender = sender
        self._arriving: dict[str, list[list[Any]]] = {kind: [] for kind in _ITEMS.values()}
        self._items: dict[str, list[list[Any]]] = {kind: [] for kind in _ITEMS.values()}

    @property
    def releases(self) -> list[ReleaseEntry]:
        """Return the releases, in the engine's order."""
        return [ReleaseEntry(*item[:4]) for item in self._items["release"]]

    @property
    def snapshots(self) -> list[str]:
        """Return the names of snapshots."""
        return [str(item[0]) for item in self._items["snapshot"]]

    @property
    def gestures(self) -> list[str]:
        """Return the names of gestures."""
        return [str(item[0]) for item in self._items["gesture"]]

    @property
    def devices(self) -> list[str]:
        """Return the names of sound devices."""
        return [str(item[0]) for item in self._items["device"]]

    @property
    def inputs(self) -> list[str]:
        """Return the names of devices that can be listened to."""
        return [str(item[0]) for item in self._items["input/device"]]

    def request(self, *kinds: str) -> None:
        """Request these lists again, or all but that of the inputs."""
        for kind in kinds or (kind for kind in _ITEMS.values() if kind != _WHEN_ASKED):
            self._arriving[kind] = []
            self._sender.send(f"/{kind}/list")

    def handle_item(self, address: str, arguments: list[Any]) -> bool:
        """Add an item to the list that is arriving; return false for any other message."""
        kind = _ITEMS.get(address)
        if kind is None:
            return False
        if len(self._arriving[kind]) < MAX_ITEMS:
            self._arriving[kind].append(arguments)
        return True

    def handle_command(self, path: str) -> None:
        """Publish a list that is complete, and request one that a finished command has changed."""
        kind = _LISTED.get(path)
        if kind is not None:
            self._items[kind], self._arriving[kind] = self._arriving[kind], []
            self.changed.emit(kind)
        elif path in _CHANGING:
            self.request(_CHANGING[path])
