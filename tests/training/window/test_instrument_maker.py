import os
import signal
import sys

import pytest

pytest.importorskip("PySide6", reason="pip install aitunes[window]")
pytest.importorskip("pyqtgraph", reason="pip install aitunes[window]")

from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QWidget

from training.window.instrument_maker import FolderDrop, InstrumentMaker

pytestmark = pytest.mark.training

_PROGRAM = """
import json, sys
def tell(**line): print(json.dumps(line), flush=True)
folder = sys.argv[2]
if folder.endswith("empty"):
    tell(failed="There is no sound file in it."); sys.exit(1)
tell(said="3 files with 12 s of sound (mono).")
print("a library's own words", flush=True)
tell(progress={"stage": "learning", "share": 0.25, "seconds_left": 61.2})
tell(version={"release": "mine", "folder": "x", "number": 1, "held_db": 3.25, "plays": False, "seconds": 9.0})
if folder.endswith("slow"):
    assert sys.stdin.readline() == "stop\\n"
    tell(said="Stopped; the best so far is kept.")
tell(said=" ".join(sys.argv[3:]))
tell(done={"release": "mine"})
"""


@pytest.fixture
def maker(qtbot, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(_PROGRAM)

    def make(folder):
        (tmp_path / folder).mkdir()
        window = InstrumentMaker(tmp_path / folder, command=[sys.executable, str(program)])
        qtbot.addWidget(window)
        return window

    return make


def test_what_the_process_tells_is_shown(maker, qtbot):
    window = maker("sounds")
    window.minutes.setValue(2.5)
    window.engine.setText("studio:7421")
    with qtbot.waitSignal(window.made) as made:
        window.make()
        assert not window.start.isEnabled()
    qtbot.waitUntil(lambda: not window.busy)
    text = window.said.toPlainText()
    assert made.args == ["mine"]
    assert "3 files with 12 s" in text
    assert "Version 1 after 9 s: 3.25 dB" in text
    assert "--json-progress --minutes 2.5 --connect studio:7421" in text
    assert window.stage.text() == "Done: mine"
    assert window.progress.value() == window.progress.maximum()
    assert window.start.isEnabled()


def test_without_an_address_no_engine_is_touched(maker, qtbot):
    window = maker("sounds")
    window.engine.clear()
    window.make()
    qtbot.waitUntil(lambda: not window.busy)
    assert "--no-play" in window.said.toPlainText()


def test_a_failure_is_a_sentence(maker, qtbot):
    window = maker("empty")
    window.make()
    qtbot.waitUntil(lambda: not window.busy)
    assert "There is no sound file in it." in window.said.toPlainText()
    assert window.stage.text() == "It could not be made."


def test_stop_keeps_the_best(maker, qtbot):
    window = maker("slow")
    window.make()
    qtbot.waitUntil(lambda: "Version 1" in window.said.toPlainText())
    assert window.busy
    window.stop.click()
    qtbot.waitUntil(lambda: not window.busy)
    assert "Stopped; the best so far is kept." in window.said.toPlainText()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
def test_a_process_that_is_killed_is_told(maker, qtbot):
    window = maker("slow")
    window.make()
    qtbot.waitUntil(lambda: "Version 1" in window.said.toPlainText())
    os.kill(window._process.processId(), signal.SIGKILL)
    qtbot.waitUntil(lambda: not window.busy)
    assert "was ended from outside; the last version that was installed stays" in window.said.toPlainText()
    assert window.stage.text() == "It was ended."


def test_closing_ends_the_process(maker, qtbot):
    window = maker("slow")
    window.make()
    qtbot.waitUntil(lambda: "Version 1" in window.said.toPlainText())
    window.close()
    assert not window.busy


def test_a_program_that_is_not_there_is_a_sentence(qtbot, tmp_path):
    window = InstrumentMaker(tmp_path, command=[str(tmp_path / "nothing")])
    qtbot.addWidget(window)
    window.make()
    qtbot.waitUntil(lambda: not window.busy)
    assert "cannot be started" in window.said.toPlainText()


@pytest.mark.parametrize("is_folder", [True, False])
def test_folders_are_taken_and_files_are_not(qtbot, tmp_path, is_folder):
    widget = QWidget()
    qtbot.addWidget(widget)
    taken = []
    drop = FolderDrop(widget)
    drop.dropped.connect(taken.append)
    path = tmp_path / "sounds"
    path.mkdir() if is_folder else path.write_bytes(b"x")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    event = QDropEvent(QPointF(5, 5), Qt.DropAction.CopyAction, data, buttons, keys)
    assert drop.eventFilter(widget, event) is is_folder
    assert taken == ([path] if is_folder else [])
