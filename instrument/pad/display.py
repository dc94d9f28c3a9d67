"""Creates the Qt application, or ends the process with a sentence where Qt would abort it."""

from __future__ import annotations

import os
import sys

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from aitunes.printable import printable
from instrument.terminal import say

FAILURE = 1


def create_application() -> QApplication:
    """Create the application; where no window can be opened, print why and exit with status 1."""
    warnings: list[str] = []

    def handle(kind: QtMsgType, _context: QMessageLogContext, text: str) -> None:
        if kind is QtMsgType.QtFatalMsg:
            say(f"aitunes: {_sentence(warnings)}")
            os._exit(FAILURE)  # Qt aborts as soon as this returns
        warnings.append(text)

    previous = qInstallMessageHandler(handle)
    try:
        return QApplication(sys.argv[:1])
    finally:
        qInstallMessageHandler(previous)


def _sentence(warnings: list[str]) -> str:
    """Explain the failure by the display that was tried and Qt's first warning."""
    names = ("QT_QPA_PLATFORM", "WAYLAND_DISPLAY", "DISPLAY")
    tried = ", ".join(f"{name}={os.environ[name]}" for name in names if os.environ.get(name))
    if not tried:
        why = "there is no display (neither DISPLAY nor WAYLAND_DISPLAY is set)"
    else:
        why = f"the display cannot be used ({tried}: {warnings[0].strip() if warnings else 'no reason is known'})"
    return (
        f"The pad cannot open a window: {printable(why)}. "
        "Start it on a machine with a display: aitunes pad --connect HOST:PORT; or play without it: aitunes --no-pad."
    )
