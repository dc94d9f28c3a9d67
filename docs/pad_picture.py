"""The picture of the pad in the README: `python -m docs.pad_picture` plays for some seconds and writes it."""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PySide6.QtWidgets import QApplication

from benchmarks.live import engine
from instrument.pad import theme
from instrument.pad.app import build_window
from instrument.pad.window import Window
from instrument.storage.library import Library

PICTURE = Path(__file__).with_name("pad.png")
FRAME_SECONDS = 1 / 60
NOTES = (57, 64, 60, 67, 62, 69, 55, 64, 57, 65, 60, 67, 62, 71, 55, 64)


def draw(port: int, picture: Path) -> None:
    """Open the window without a screen, play, and keep what it looks like."""
    app = QApplication([])
    app.setStyle("Fusion")
    app.setPalette(theme.palette())
    window = build_window("127.0.0.1", port, Library(), ends_engine=False)
    window.resize(1280, 800)
    window.show()

    _play(app, window)
    window.grab().save(str(picture))
    window.close()


def _play(app: QApplication, window: Window) -> None:
    def pass_time(seconds: float, each_frame: Callable[[float], object] = lambda now: None) -> None:
        begin = time.monotonic()
        while (now := time.monotonic() - begin) < seconds:
            app.processEvents()
            each_frame(now)
            time.sleep(FRAME_SECONDS)

    pass_time(3.0)
    model, point = window.session.model, window.session.point
    for name, values in (("/gain", (-3.0,)), ("/smoothing", (0.12,)), ("/envelope", (0.02, 1.2))):
        model.set(name, *values)
    for slot, place in ((0, (0.3, 0.3)), (1, (0.7, 0.6)), (3, (0.1, 0.7))):
        point.move_to(*place)
        window.snapshots.save(slot)
        pass_time(0.3)
    for note in NOTES:
        model.send("/note", note, 100)
        pass_time(0.9, lambda now, note=note: point.move_to(*_way(note + now)))
        model.send("/note", note, 0)
    pass_time(0.05)


def _way(moment: float) -> tuple[float, float]:
    """Return a place of the hand's way over the pad."""
    return 0.5 + 0.35 * float(np.sin(1.1 * moment)), 0.5 + 0.4 * float(np.cos(1.7 * moment))


def main() -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("picture", type=Path, nargs="?", default=PICTURE)
    picture = parser.parse_args().picture
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    with tempfile.TemporaryDirectory() as home:
        os.environ["AITUNES_HOME"] = home
        with engine("--output", "none") as client:
            draw(client.port, picture)
    print(f"{picture} is written.")


if __name__ == "__main__":
    main()
