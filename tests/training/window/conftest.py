"""The trainer's window without a screen, with its real worker and real runs."""

import os
import shutil
import time
from pathlib import Path

import pytest

pytest.importorskip("lightning", reason="pip install aitunes[training]")

ROOT = Path(__file__).parents[3]
PATIENCE_MS = 300_000


@pytest.fixture(scope="session", autouse=True)
def _qt(lack):
    """Qt without a screen, for all that runs within the tests' own process."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    try:
        import pyqtgraph  # noqa: F401
        import PySide6.QtWidgets  # noqa: F401
    except ImportError:
        lack("Qt is not installed; pip install aitunes[window], apt-get install libegl1")


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder of the test's own, for runs and for the home; its worker and runs find the packages."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AITUNES_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.delenv("AITUNES_DATA", raising=False)
    return tmp_path


@pytest.fixture(scope="session")
def _trained_runs(tmp_path_factory):
    """A folder of runs of 5D vectors, trained in the tests' own process: no window has to start one for each test."""
    from training.data.corpus import CorpusOptions
    from training.fit.options import TrainOptions
    from training.headless import HeadlessActionPipeline

    folder = tmp_path_factory.mktemp("trained")
    for scenario, epochs in (("vanilla", 2), ("variational", 1)):
        actions = HeadlessActionPipeline(CorpusOptions(limit_items=300), folder / scenario)
        actions.select_experiment("vectors5d")
        actions.select_scenario(scenario)
        actions.train(epochs, options=TrainOptions(folder, quiet=True))
    return folder


@pytest.fixture
def trained(here, _trained_runs):
    """`trained("vanilla")`: as if a window had trained it some time ago."""

    def put(scenario):
        shutil.copytree(_trained_runs / scenario, here / "runs", dirs_exist_ok=True)

    return put


@pytest.fixture
def open_window(here, qtbot):
    """Open a window with a choice; it is closed, and its runs are ended, with the test."""
    from training.fit import run_record
    from training.window.choice import Choice
    from training.window.main_window import MainWindow
    from training.window.runs import find_runs
    from training.window.workshop import Workshop

    windows = []

    def make(**choice):
        window = MainWindow(Workshop(Choice(**choice)))
        windows.append(window)
        window.show()
        window.workshop.start()
        qtbot.waitUntil(lambda: window.workshop.scenario is not None, timeout=PATIENCE_MS)
        return window

    yield make
    for window in windows:
        window.workshop.close()
        window.deleteLater()
    for run in find_runs(here / "runs"):
        if run.is_live and run.record is not None:
            run_record.stop(run.record)
    wait_until(lambda: not any(run.is_live for run in find_runs(here / "runs")))


def wait_until(done, seconds=PATIENCE_MS / 1_000):
    """Wait without Qt."""
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline
        time.sleep(0.05)
