"""The trainer's window: time to its first paint, and how long it keeps a person waiting while a training runs.

    python -m benchmarks.trainer_window [--runs 5] [--seconds 60]

First paint is counted from the start of the process. Frame time is the distance between ticks of a timer of 16 ms in
the window's own thread, while 5D vectors are trained by a process of its own (several epochs a second, so that
curves, figures and reconstructions change all the time) and the tabs take turns. With a display it is a real window;
without one Qt draws into memory.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROJECT = Path(__file__).parents[1]
FRAME_MS = 16
LOOK_MS = 200
TAB_MS = 3_000
PAINT, FRAMES = "paint", "frames"


def main() -> None:
    """Measure and print rows for benchmarks/RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--part", choices=(PAINT, FRAMES), help=argparse.SUPPRESS)
    parser.add_argument("--begun", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.part == PAINT:
        paint(options.begun)
    elif options.part == FRAMES:
        frames(options.seconds)
    else:
        report(options.runs, options.seconds)


def report(runs: int, seconds: float) -> None:
    """Start the parts in processes of their own."""
    print(f"load average {os.getloadavg()[0]:.1f}\n\n| what | figure | goal |\n| --- | --- | --- |")
    pairs = [child("--part", PAINT, "--begun", str(time.monotonic())).split() for _ in range(runs)]
    wall, busy = (sorted(map(float, column)) for column in zip(*pairs, strict=True))
    print(f"| first paint, median of {runs} (slowest) | {statistics.median(wall):.2f} ({wall[-1]:.2f}) s | 2 s |")
    print(f"| … processor time of it | {statistics.median(busy):.2f} s | – |")
    print(child("--part", FRAMES, "--seconds", str(seconds)))


def child(*words: str) -> str:
    """Return what a part prints, run in a folder that is thrown away."""
    environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
    if not environment.get("DISPLAY"):
        environment["QT_QPA_PLATFORM"] = "offscreen"
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "benchmarks.trainer_window", *words]
        result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return result.stdout.strip()


def paint(begun: float) -> None:
    """Print the seconds from `begun`, as `time.monotonic` tells it, to the first paint, and the processor's."""
    from PySide6.QtCore import QEvent, QObject
    from PySide6.QtWidgets import QApplication

    from training.window.choice import Choice
    from training.window.look import dress
    from training.window.main_window import MainWindow
    from training.window.workshop import Workshop

    class FirstPaint(QObject):
        def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802
            if event.type() == QEvent.Type.Paint:
                print(time.monotonic() - begun, time.process_time(), flush=True)
                os._exit(0)
            return False

    app = QApplication([])
    dress(app)
    window = MainWindow(Workshop(Choice()))
    first = FirstPaint()
    window.training.installEventFilter(first)
    window.show()
    app.exec()


def frames(seconds: float) -> None:
    """Print a row of frame times while a training runs."""
    from PySide6.QtCore import QElapsedTimer, Qt, QTimer
    from PySide6.QtWidgets import QApplication

    from training.fit import run_record
    from training.window.choice import Choice
    from training.window.look import dress
    from training.window.main_window import MainWindow
    from training.window.workshop import Workshop

    app = QApplication([])
    dress(app)
    window = MainWindow(Workshop(Choice("vectors5d", "variational", limit_items=2_000, epochs=100_000)))
    workshop, gaps, clock = window.workshop, list[float](), QElapsedTimer()
    window.show()
    workshop.start()
    workshop.catalogue_changed.connect(lambda found: QTimer.singleShot(0, workshop.train))
    tick, turn, look = QTimer(), QTimer(), QTimer()
    tick.setTimerType(Qt.TimerType.PreciseTimer)
    tick.timeout.connect(lambda: gaps.append(clock.nsecsElapsed() / 1e6) or clock.start())
    turn.timeout.connect(lambda: window.tabs.setCurrentIndex((window.tabs.currentIndex() + 1) % window.tabs.count()))

    def begin() -> None:
        run = workshop.watcher.run
        if run is None or run.record is None or run.record.epoch < 1:
            return
        look.stop()
        clock.start()
        tick.start(FRAME_MS)
        turn.start(TAB_MS)
        # Not quit, which closes the window first, and that asks whether the training goes on.
        QTimer.singleShot(round(seconds * 1_000), lambda: app.exit(0))

    look.timeout.connect(begin)
    look.start(LOOK_MS)
    app.exec()
    run = workshop.watcher.run
    if run is not None and run.record is not None:
        run_record.stop(run.record)
    workshop.close()
    gaps.sort()
    p99 = gaps[int(0.99 * len(gaps))]
    epochs = run.record.epoch if run is not None and run.record is not None else 0
    print(
        f"| frame time over {seconds:.0f} s, {epochs} epochs, {len(gaps)} frames: median, 99 %, longest | "
        f"{statistics.median(gaps):.1f}, {p99:.1f}, {gaps[-1]:.1f} ms | 50 ms (99 %) |"
    )


if __name__ == "__main__":
    main()
