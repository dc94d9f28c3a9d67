"""Runs the pad: one process, one window."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

from PySide6.QtCore import QObject, Qt, Signal, Slot

from instrument.pad import theme
from instrument.pad.display import create_application
from instrument.pad.preferences import PreferencesFile
from instrument.pad.session import PadSession
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
    http_port: int | None = None,
) -> Window:
    """Build the window and connect it to an engine.

    Args:
        host, port: the engine's address.
        library: where maps are found.
        ends_engine: closing the window ends the engine.
        resume: load the release that played last.
        clock: seconds, monotonic.
        http_port: of the page that shows codes for phones; None takes the default.

    Raises:
        AddressError: there is no such host.
    """
    preferences = PreferencesFile(paths.home() / "pad.json")
    session = PadSession(host, port, library.card, paths.anchors(), clock, http_port)
    window = Window(session, library, preferences, ends_engine)
    session.open(window.last_release if resume else "")
    return window


class _Calls(QObject):
    """Calls functions of other threads in the window's loop."""

    asked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.asked.connect(self._call, Qt.ConnectionType.QueuedConnection)

    @Slot(object)
    def _call(self, function: Callable[[], None]) -> None:
        function()


Follow = Callable[[Callable[[Callable[[], None]], None]], None]
"""Takes what calls a function in the window's loop, and answers the engine from there."""


def run(
    host: str,
    port: int,
    library: Library,
    resume: bool = False,
    http_port: int | None = None,
    follow: Follow | None = None,
) -> int:
    """Show the window until it is closed or the process receives a signal to end.

    Args:
        host, port, library, resume, http_port: see `build_window`.
        follow: begins to answer the engine that has started this process, which ends with the window; None where there
            is none.
    """
    app = create_application()
    app.setApplicationName("AiTunes")
    app.setDesktopFileName("aitunes")
    app.setStyle("Fusion")
    app.setPalette(theme.palette())
    window = build_window(host, port, library, follow is not None, resume, http_port=http_port)
    calls = _Calls()
    if follow is not None:
        follow(calls.asked.emit)

    def end(_number: int, _frame: object) -> None:
        # A signal ends the window alone: Ctrl-C reaches the engine by itself, and others did not ask for silence.
        window.ends_engine = False
        window.close()

    # Python runs signal handlers between the window's frames.
    for number in ending_signals():
        signal.signal(number, end)
    window.show()
    return app.exec()
