"""A packed release that is dropped on the pad is installed beside it, and plays."""

import sys

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent

from instrument.pad.release_install import ReleaseInstalling, release_source

_PROGRAM = """
import json, sys
source = sys.argv[-1]
if "bad" in source:
    sys.exit("aitunes: The file bad.aitunes is damaged. Fetch it again.")
if "slow" in source:
    sys.stdin.read()
print(json.dumps({"release": "tiny-2", "was_there": False}))
"""


@pytest.fixture
def installing(qtbot, tmp_path):
    program = tmp_path / "program.py"
    program.write_text(_PROGRAM)
    made = ReleaseInstalling(command=[sys.executable, str(program)])
    made.heard = []
    made.message.connect(made.heard.append)
    yield made
    made.close()


def test_a_release_is_installed_and_its_name_told(installing, qtbot):
    with qtbot.waitSignal(installing.installed) as installed:
        installing.install("/music/tiny.aitunes")
    assert installed.args == ["tiny-2"]
    assert installing.heard == ["Installing “tiny.aitunes” …", "“tiny.aitunes” is installed as tiny-2."]


def test_one_after_the_other_and_a_failure_is_a_sentence(installing, qtbot):
    with qtbot.waitSignal(installing.installed):
        installing.install("/music/bad.aitunes")
        installing.install("https://example.org/releases/good%20one.aitunes")
    assert installing.heard == [
        "Installing “bad.aitunes” …",
        "The file bad.aitunes is damaged. Fetch it again.",
        "Installing “good one.aitunes” …",
        "“good one.aitunes” is installed as tiny-2.",
    ]


def test_closing_the_pad_ends_the_process(installing):
    installing.install("/music/slow.aitunes")
    installing.install("/music/other.aitunes")
    installing.close()
    assert not installing.busy


def test_what_counts_as_a_release(tmp_path, releases):
    local = QUrl.fromLocalFile
    assert release_source(local("/music/Tiny.AITUNES")) == "/music/Tiny.AITUNES"
    assert release_source(local(str(releases / "tiny"))) == str(releases / "tiny")
    assert release_source(local(str(tmp_path))) is None
    assert release_source(QUrl("https://example.org/a.aitunes?v=2")) == "https://example.org/a.aitunes?v=2"
    assert release_source(QUrl("ftp://example.org/a.aitunes")) is None


def test_a_drop_installs_and_loads(window, peer, monkeypatch):
    asked = []
    monkeypatch.setattr(window.session.installing, "install", asked.append)
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile("/music/tiny.aitunes")])
    buttons, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    window.dropEvent(QDropEvent(QPointF(50, 50), Qt.DropAction.CopyAction, data, buttons, keys))
    assert asked == ["/music/tiny.aitunes"]
    window.session.installing.installed.emit("wide")
    assert peer.sent_to("/aitunes/release/load") == [("/aitunes/release/load", "wide")]
