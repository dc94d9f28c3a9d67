"""The pad's window with a count of what it paints; `benchmarks.pad` runs it."""

from __future__ import annotations

import sys
import time

import numpy as np
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication
from typing_extensions import override

from instrument.pad import theme
from instrument.pad.app import build_window
from instrument.storage.library import Library

WARM_UP_SECONDS = 3.0


class Counter(QObject):
    """Notes the moments at which a widget is painted."""

    def __init__(self) -> None:
        super().__init__()
        self.moments: list[float] = []

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint:
            self.moments.append(time.perf_counter())
        return False


def count(port: int, seconds: float) -> None:
    """Show the window for a while, and print what was counted."""
    app = QApplication([])
    app.setStyle("Fusion")
    app.setPalette(theme.palette())
    window = build_window("127.0.0.1", port, Library(), ends_engine=False)
    surface, spectrogram = Counter(), Counter()
    window.surface.installEventFilter(surface)
    window.play_area.spectrogram.installEventFilter(spectrogram)
    window.resize(1280, 800)
    window.show()
    begin: list[float] = []

    def start() -> None:
        surface.moments.clear()
        spectrogram.moments.clear()
        begin.extend((time.perf_counter(), time.process_time()))

    QTimer.singleShot(round(1e3 * WARM_UP_SECONDS), start)
    QTimer.singleShot(round(1e3 * (WARM_UP_SECONDS + seconds)), app.quit)
    app.exec()
    wall, processor = time.perf_counter() - begin[0], time.process_time() - begin[1]
    print(f"surface={len(surface.moments) / wall}")
    print(f"spectrogram={len(spectrogram.moments) / wall}")
    print(f"p99_ms={1e3 * np.percentile(np.diff(surface.moments), 99)}")
    print(f"cpu={100.0 * processor / wall}")


if __name__ == "__main__":
    count(int(sys.argv[1]), float(sys.argv[2]))
