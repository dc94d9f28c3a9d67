import sys

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent

from instrument.pad import folder_learning
from instrument.pad.folder_learning import FolderLearning

_PROGRAM = """
import json, sys
def tell(**line): print(json.dumps(line), flush=True)
folder = sys.argv[2]
if folder.endswith("empty"):
    tell(failed="There is no sound file in it."); sys.exit(1)
if folder.endswith("broken"):
    print("[]", "no JSON", flush=True); sys.exit(3)
tell(said="3 files")
tell(progress={"stage": "learning", "share": 0.5, "seconds_left": 75.0})
tell(version={"release": "mine", "number": 1, "plays": True})
if folder.endswith("slow"):
    assert sys.stdin.readline() == "stop\\n"
tell(done={"release": "mine"})
"""


@pytest.fixture
def learning(qtbot, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(_PROGRAM)
    made = FolderLearning("127.0.0.1:7420", command=[sys.executable, str(program)])
    made.heard = []
    made.message.connect(made.heard.append)
    yield made
    made.close()


def test_a_folder_becomes_a_release_and_the_performer_is_told(learning, qtbot, tmp_path):
    with qtbot.waitSignal(learning.finished) as finished:
        learning.learn(tmp_path / "sounds")
    assert finished.args == ["mine"]
    assert learning.heard == [
        "Learning “sounds”: a first version plays within a minute or so.",
        "Learning “sounds”: 50 %, 1:15 left.",
        "“sounds”, version 1, plays now.",
        "“sounds” is learnt; it stays in the list of releases as mine.",
    ]


@pytest.mark.parametrize(("folder", "words"), [("empty", "no sound file in it"), ("broken", "could not be learnt")])
def test_a_failure_is_a_sentence(learning, qtbot, tmp_path, folder, words):
    with qtbot.waitSignal(learning.finished) as finished:
        learning.learn(tmp_path / folder)
    assert finished.args == [""]
    assert words in learning.heard[-1]


def test_one_folder_at_a_time(learning, qtbot, tmp_path):
    learning.learn(tmp_path / "slow")
    learning.learn(tmp_path / "other")
    assert "still being learnt" in learning.heard[-1]
    qtbot.waitUntil(lambda: any("version 1" in sentence for sentence in learning.heard))
    with qtbot.waitSignal(learning.finished):
        learning.stop()
    assert not learning.busy


def test_closing_the_pad_ends_the_process(learning, qtbot, tmp_path):
    learning.learn(tmp_path / "slow")
    qtbot.waitUntil(lambda: any("version 1" in sentence for sentence in learning.heard))
    learning.close()
    assert not learning.busy


def test_without_the_training_extra_the_pad_says_what_to_install(qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr(folder_learning, "training_is_installed", lambda: False)
    learning = FolderLearning("127.0.0.1:7420")
    with qtbot.waitSignal(learning.message) as told:
        learning.learn(tmp_path)
    assert told.args == [
        "To make an instrument of a folder, install the training extra: pip install 'aitunes[training]'"
    ]
    assert not learning.busy


def test_a_dropped_folder_is_learnt(window, tmp_path, monkeypatch):
    learnt = []
    monkeypatch.setattr(window.session.folders, "learn", learnt.append)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tmp_path))])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, data, buttons, keys))
    assert learnt == [tmp_path]
