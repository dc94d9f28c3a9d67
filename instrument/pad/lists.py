"""What the engine has to choose from: releases, snapshots, gestures, devices; each arrives item by item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal

from instrument.namespace import ROOT


@dataclass(frozen=True)
class ReleaseEntry:
    """A release that the engine can load."""

    name: str
    public_name: str
    description: str
    latent_dim: int


class Asker(Protocol):
    """Who can ask the engine."""

    def send(self, name: str, *arguments: Any) -> None:
        """Send one message to an address below the root."""


_ITEMS = {f"{ROOT}/{kind}": kind for kind in ("model", "snapshot", "gesture", "device")}
_LISTED = {f"{ROOT}/{kind}/list": kind for kind in _ITEMS.values()}
_CHANGING = {
    f"{ROOT}/snapshot/save": "snapshot",
    f"{ROOT}/snapshot/delete": "snapshot",
    f"{ROOT}/gesture/record": "gesture",
    f"{ROOT}/gesture/stop": "gesture",
    f"{ROOT}/gesture/delete": "gesture",
}


class Lists(QObject):
    """The engine's lists, each as it last came whole."""

    changed = Signal(str)
    """Which: model, snapshot, gesture or device."""

    def __init__(self, asker: Asker) -> None:
        super().__init__()
        self._asker = asker
        self._arriving: dict[str, list[list[Any]]] = {kind: [] for kind in _ITEMS.values()}
        self._items: dict[str, list[list[Any]]] = {kind: [] for kind in _ITEMS.values()}

    @property
    def releases(self) -> list[ReleaseEntry]:
        """Releases, by the engine's order."""
        return [ReleaseEntry(*item[:4]) for item in self._items["model"]]

    @property
    def snapshots(self) -> list[str]:
        """Names of snapshots."""
        return [str(item[0]) for item in self._items["snapshot"]]

    @property
    def gestures(self) -> list[str]:
        """Names of gestures."""
        return [str(item[0]) for item in self._items["gesture"]]

    @property
    def devices(self) -> list[str]:
        """Names of sound devices."""
        return [str(item[0]) for item in self._items["device"]]

    def ask(self, *kinds: str) -> None:
        """Ask for these lists anew, or for all."""
        for kind in kinds or _ITEMS.values():
            self._arriving[kind] = []
            self._asker.send(f"/{kind}/list")

    def hear(self, address: str, arguments: list[Any]) -> bool:
        """Take an item of a list; whether it was one."""
        kind = _ITEMS.get(address)
        if kind is None:
            return False
        self._arriving[kind].append(arguments)
        return True

    def hear_act(self, path: str) -> None:
        """Something has been done: a list is whole, or one has changed."""
        kind = _LISTED.get(path)
        if kind is not None:
            self._items[kind], self._arriving[kind] = self._arriving[kind], []
            self.changed.emit(kind)
        elif path in _CHANGING:
            self.ask(_CHANGING[path])
