"""The keys of the window."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtGui import QKeySequence, QShortcut

from instrument.pad.widgets.snapshot_bar import SLOTS

if TYPE_CHECKING:
    from instrument.pad.window import Window


def install_shortcuts(window: Window) -> None:
    """Bind every key that works wherever the focus is, but for text that is being written."""
    snapshots, point, anchors = window.snapshots, window.point, window.anchors
    deeds: dict[str, Callable[[], object]] = {
        "R": window.record.click,
        "F": window.transport.toggle_freeze,
        "W": lambda: point.set_wandering(not point.wandering),
        "B": lambda: anchors.activate(not anchors.active),
        "C": point.jump,
        "G": window.gestures.toggle_record,
        "K": lambda: window.notes.typing.toggle() if window.notes.isVisible() else None,
        "L": lambda: window.picker.open(),
        "H": lambda: window.help.open(),
        "?": lambda: window.help.open(),
        "F11": window.performance.toggle,
        "Ctrl+Z": anchors.bring_back,
        "Ctrl+Q": window.ask_to_close,
        "Escape": window.leave,
    }
    for n in range(SLOTS):
        deeds[f"{n + 1}"] = partial(snapshots.recall, n)
        deeds[f"Ctrl+{n + 1}"] = partial(snapshots.keep, n)
    for keys, deed in deeds.items():
        # A key that is held down does its deed once.
        QShortcut(QKeySequence(keys), window, autoRepeat=False).activated.connect(deed)
