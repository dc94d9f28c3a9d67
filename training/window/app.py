"""Starts Qt, shows the window, and has the worker begin when it is painted."""

from __future__ import annotations

import signal
import sys

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from training.window.choice import Choice
from training.window.look import dress
from training.window.main_window import MainWindow
from training.window.workshop import Workshop


def run(choice: Choice) -> int:
    """Show the window until it is closed."""
    app = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(app, QApplication)
    app.setApplicationDisplayName("AiTunes")
    dress(app)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C in the terminal: Qt's loop would not let Python hear it
    window = MainWindow(Workshop(choice))
    window.show()
    QTimer.singleShot(0, window.workshop.start)
    return app.exec()
