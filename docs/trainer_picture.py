"""Draws the pictures of the trainer's window: `python -m docs.trainer_picture FOLDER` trains on a folder of sounds.

Without `--all` it writes `docs/trainer.png`; with it, every tab at 1280 × 800 and 900 × 600 into a folder.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtWidgets import QApplication

from training.window.choice import Choice
from training.window.look import dress
from training.window.main_window import MainWindow
from training.window.workshop import Workshop

PICTURE = Path(__file__).with_name("trainer.png")
SIZES = ((1280, 800), (900, 600))
PATIENCE_SECONDS = 900.0


def draw(sounds: Path, epochs: int, every_tab_in: Path | None) -> None:
    """Open the window without a screen, train a scenario, and save what it looks like."""
    app = QApplication([])
    dress(app)
    workshop = Workshop(Choice("folder", "frame-dim8", epochs=epochs, data_dir=str(sounds)))
    window = MainWindow(workshop)
    window.show()
    workshop.start()
    try:
        _wait(app, lambda: workshop.scenario is not None)
        window.panel.train_button.click()
        _wait(app, lambda: workshop.watcher.run is not None and not workshop.watcher.run.is_live)
        _wait(app, lambda: f"epoch {epochs}" in window.training.newest.text.text())
        if every_tab_in is None:
            _settle(app)
            window.grab().save(str(PICTURE))
        else:
            _draw_tabs(app, window, every_tab_in)
    finally:
        workshop.close()


def _draw_tabs(app: QApplication, window: MainWindow, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    window.panel.evaluate_button.click()
    _wait(app, lambda: window.evaluation.table.rowCount() > 0)
    window.panel.latent_button.click()
    _wait(app, lambda: "dimensions in use" in window.latent.text.text())
    window.tabs.setCurrentWidget(window.interactive)
    _wait(app, lambda: "mean squared error" in window.interactive.text.text() and not window.workshop.studio.busy)
    for width, height in SIZES:
        window.resize(width, height)
        for n in range(window.tabs.count()):
            window.tabs.setCurrentIndex(n)
            _settle(app)
            _wait(app, lambda: not window.workshop.studio.busy)
            window.grab().save(str(folder / f"{width}-{n + 1}.png"))


def _settle(app: QApplication, seconds: float = 1.0) -> None:
    end = time.monotonic() + seconds
    _wait(app, lambda: time.monotonic() > end)


def _wait(app: QApplication, done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not done():
        if time.monotonic() > deadline:
            raise SystemExit(f"The window was not ready after {PATIENCE_SECONDS:.0f} s; see its run's log.txt.")
        app.processEvents()
        time.sleep(0.02)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="of sounds to learn from")
    parser.add_argument("-e", "--epochs", type=int, default=20, metavar="N", help="passes over the data (20)")
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="write every tab at two sizes there instead")
    arguments = parser.parse_args()
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sounds, every_tab_in = arguments.folder.resolve(), arguments.all and arguments.all.resolve()
    os.environ["PYTHONPATH"] = os.pathsep.join([str(Path.cwd()), os.environ.get("PYTHONPATH", "")])
    with tempfile.TemporaryDirectory() as scratch:
        os.chdir(scratch)
        os.environ["AITUNES_HOME"] = str(Path(scratch) / "home")
        draw(sounds, arguments.epochs, every_tab_in)


if __name__ == "__main__":
    main()
