"""Start the pad: one process, one window."""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Callable

import numpy as np
from PySide6.QtWidgets import QApplication

from instrument.pad import theme
from instrument.pad.anchor_set import AnchorSet
from instrument.pad.anchors import AnchorFile
from instrument.pad.client import OscClient
from instrument.pad.encoding import Encoding
from instrument.pad.link import Link
from instrument.pad.model import EngineModel
from instrument.pad.point import Point
from instrument.pad.preferences import Preferences
from instrument.pad.window import Window
from instrument.storage import paths
from instrument.storage.library import Library
from instrument.terminal import ending_signals


def build_window(
    host: str,
    port: int,
    library: Library,
    ends_engine: bool,
    resume: bool = False,
    clock: Callable[[], float] = time.monotonic,
) -> Window:
    """The window, connected to an engine.

    Args:
        host, port: where the engine listens.
        library: where maps are found.
        ends_engine: whether closing the window ends the engine.
        resume: go back to the release that played last.
        clock: seconds, monotonic.

    Raises:
        AddressError: there is no such host.
    """
    client = OscClient(host, port)
    model = EngineModel(client, clock)
    link = Link(client, clock)
    point = Point(model, np.random.default_rng(), clock)
    anchors = AnchorSet(model, point, AnchorFile(paths.anchors()))
    preferences = Preferences()
    last = preferences.release if resume else ""
    window = Window(model, point, anchors, Encoding(), link, library, preferences, ends_engine)
    for part in (client, model, link, point, anchors):
        part.setParent(window)
    if last:
        model.lists.changed.connect(_load_once(model, last))
    link.start()
    return window


def _load_once(model: EngineModel, name: str) -> object:
    """What loads a release as soon as the engine has listed it."""
    waiting = [name]

    def hear(kind: str) -> None:
        if kind == "model" and waiting:
            wanted = waiting.pop()
            known = {entry.name for entry in model.lists.releases}
            if wanted in known and (model.card is None or model.card.name != wanted):
                model.load(wanted)

    return hear


def run(host: str, port: int, library: Library, ends_engine: bool, resume: bool = False) -> int:
    """Show the window until it is closed, or the process is asked to end."""
    app = QApplication(sys.argv[:1])
    app.setApplicationName("AiTunes")
    app.setDesktopFileName("aitunes")
    app.setStyle("Fusion")
    app.setPalette(theme.palette())
    window = build_window(host, port, library, ends_engine, resume)

    def end(_number: int, _frame: object) -> None:
        # Whoever ends the window by a signal has not asked for silence; Ctrl-C reaches the engine by itself.
        window.let_engine_play()
        window.close()

    # The window's frames give Python the moments in which it hears signals.
    for number in ending_signals():
        signal.signal(number, end)
    window.show()
    return app.exec()
