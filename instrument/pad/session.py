"""Builds the objects behind the window: connection, mirror of the engine, playing point, anchors and encoder."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtCore import QObject

from aitunes.release.card import ReleaseCard
from instrument.pad.anchors import AnchorFile, AnchorSet
from instrument.pad.client import OscClient
from instrument.pad.encoding import EncoderQueue
from instrument.pad.folder_learning import FolderLearning
from instrument.pad.link import Link
from instrument.pad.model import EngineModel
from instrument.pad.phone_codes import PhoneCodes
from instrument.pad.point import Point
from instrument.pad.release_install import ReleaseInstalling


class PadSession(QObject):
    """Holds a connection to one engine and what the window shows and moves of it.

    Args:
        host, port: the engine's address.
        own_card: finds this machine's card of a release, or raises ReleaseError.
        anchors: the folder in which anchors are stored.
        clock: seconds, monotonic.
        http_port: of the page that shows codes for phones; None takes the default.

    Raises:
        AddressError: there is no such host.
    """

    def __init__(
        self,
        host: str,
        port: int,
        own_card: Callable[[str], ReleaseCard],
        anchors: Path,
        clock: Callable[[], float] = time.monotonic,
        http_port: int | None = None,
    ) -> None:
        super().__init__()
        self.clock = clock
        self.client = OscClient(host, port, clock, self)
        self.model = EngineModel(self.client, own_card, clock, self)
        self.link = Link(self.client, clock, self)
        self.point = Point(self.model, np.random.default_rng(), clock, self)
        self.anchors = AnchorSet(self.model, self.point, AnchorFile(anchors, self.model.message.emit), self)
        self.encoder = EncoderQueue(parent=self)
        self.folders = FolderLearning(f"[{host}]:{port}" if ":" in host else f"{host}:{port}", self)
        self.folders.message.connect(self.model.message)
        self.installing = ReleaseInstalling(self)
        self.installing.message.connect(self.model.message)
        self.installing.installed.connect(self.model.load)
        self.phones = PhoneCodes(http_port, self)

    def open(self, release: str = "") -> None:
        """Start to look for the engine; once connected, load this release if the engine has it."""
        if release:
            self.model.load_when_listed(release)
        self.link.start()

    def close(self, quit_engine: bool = False) -> None:
        """End the child processes and the subscription, and the engine too where that is wanted."""
        self.encoder.close()
        self.folders.close()
        self.installing.close()
        self.phones.close()
        self.model.unsubscribe()
        if quit_engine:
            self.model.quit_engine()
