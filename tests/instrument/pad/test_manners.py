"""Tests of accidents on stage: slips of the hand, lost connections, names in the way."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QKeyEvent, QShortcut, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLineEdit

from instrument.pad.anchors import AnchorFile
from instrument.pad.widgets.record_button import RecordButton

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def front(window, qtbot):
    """The window with the keys."""
    window.activateWindow()
    window.surface.setFocus()
    qtbot.waitUntil(window.surface.hasFocus, timeout=60_000)
    return window


def of_sound(peer):
    """Return what was sent that is heard."""
    return [message for message in peer.arrived if len(message) > 1 or message[0].endswith(("/play", "/stop"))]


def test_the_wheel_changes_no_choice(window, peer):
    for box in window.findChildren(QComboBox):
        box.addItems(["one", "two", "three"])
        box.setCurrentIndex(1)
        before = box.currentIndex()
        centre = QPointF(box.rect().center())
        event = QWheelEvent(
            centre, box.mapToGlobal(centre), QPoint(), QPoint(0, -120), Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
        )  # fmt: skip
        QApplication.sendEvent(box, event)
        assert box.currentIndex() == before, box.accessibleName()
    assert of_sound(peer) == []


def test_a_block_is_shown_when_the_engine_has_taken_it(window, peer):
    block = window.findChild(QComboBox, "block")
    block.setCurrentIndex(block.findData(128))
    block.activated.emit(block.currentIndex())
    assert peer.arrived == [("/aitunes/device/block", 128)]
    assert block.currentData() == 0
    peer.say("/fail", "/aitunes/device/block", "JACK dictates the block")
    assert block.currentData() == 0
    peer.say("/done", "/aitunes/device/block", 128)
    assert block.currentData() == 128
    peer.say("/aitunes/device/block", 96)
    assert (block.currentData(), block.currentText()) == (96, "96 frames")


def test_space_stops_the_sound_whatever_was_clicked_last(front, peer, qtbot):
    gain = front.side.transport.faders["/gain"]
    qtbot.mouseClick(gain, LEFT)
    assert gain.hasFocus()
    peer.forget()
    qtbot.keyClick(gain, Qt.Key.Key_Space)
    assert peer.arrived == [("/aitunes/stop",)]
    held = QKeyEvent(QEvent.Type.KeyPress, Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier, " ", True)
    QApplication.sendEvent(gain, held)
    assert peer.arrived == [("/aitunes/stop",)]


def test_escape_gives_the_keys_back_to_the_pad(front, qtbot):
    qtbot.mouseClick(front.side.transport.faders["/gain"], LEFT)
    qtbot.keyClick(front.side.transport.faders["/gain"], Qt.Key.Key_Escape)
    assert front.surface.hasFocus()


def test_a_key_that_is_held_does_its_deed_once(window):
    shortcuts = window.findChildren(QShortcut)
    assert len(shortcuts) > 20
    assert [each.key().toString() for each in shortcuts if each.autoRepeat()] == []


def test_letters_in_an_open_list_look_for_names_and_move_nothing(front, peer, qtbot):
    qtbot.keyClick(front.surface, Qt.Key.Key_L)
    for name in ("tiny", "calm"):
        peer.say("/aitunes/release", name, name.title(), "", 3)
    peer.say("/done", "/aitunes/release/list", 2)
    qtbot.keyClick(front.picker.list, Qt.Key.Key_C)
    assert front.picker.list.currentItem().text() == "Calm"
    qtbot.keyClick(front.picker.list, Qt.Key.Key_1)
    qtbot.keyClick(front.picker.list, Qt.Key.Key_Escape)
    assert of_sound(peer) == []
    assert front.surface.hasFocus()


def test_an_anchor_that_was_taken_away_comes_back_where_it_was(window, qtbot, home):
    for name in ("one", "two", "three"):
        window.session.anchors.add(name, np.ones(3), 0.5, 0.5)
    window.session.anchors.remove(1)
    assert "Removed “two”" in window.status_line.sentence.text()
    qtbot.keyClick(window.surface, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert [anchor.name for anchor in window.session.anchors.anchors] == ["one", "two", "three"]
    assert AnchorFile(home / "anchors").read("tiny", 3) == window.session.anchors.anchors
    qtbot.keyClick(window.surface, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert len(window.session.anchors.anchors) == 3


def test_letters_name_an_anchor_and_move_nothing_and_the_pad_has_the_keys_again(front, peer, qtbot):
    front.side.tabs.setCurrentIndex(1)
    front.session.anchors.add("one", np.ones(3), 0.5, 0.5)
    peer.forget()
    names = front.side.anchors.list
    names.editItem(names.item(0))
    editor = QApplication.focusWidget()
    assert isinstance(editor, QLineEdit)
    qtbot.keyClicks(editor, "rc 1")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    qtbot.waitUntil(front.surface.hasFocus, timeout=60_000)
    assert front.session.anchors.anchors[0].name == "rc 1"
    assert of_sound(peer) == []


def test_nothing_else_moves_the_sound_while_it_morphs(window, peer):
    window.session.anchors.add("calm", np.ones(3), 0.5, 0.5)
    window.session.anchors.activate(True)
    window.session.point.set_wandering(True)
    peer.say("/aitunes/snapshot", "tiny 2")
    peer.say("/done", "/aitunes/snapshot/list", 1)
    window.snapshots.recall(1)
    assert not window.session.point.wandering
    assert not window.session.anchors.active
    assert peer.arrived[-1][:2] == ("/aitunes/snapshot/recall", "tiny 2")


def test_randomize_among_anchors_stays_among_them(window):
    window.session.anchors.add("low", np.zeros(3), 0.0, 0.0)
    window.session.anchors.add("high", np.ones(3), 1.0, 1.0)
    window.session.anchors.activate(True)
    before = window.session.point.target
    window.session.point.randomize()
    assert window.session.point.target != before
    target = window.session.model.latent.target
    assert target.tolist() == [target[0]] * 3
    assert 0.0 < target[0] < 1.0


def test_a_saved_snapshot_is_confirmed_once_the_engine_has_it(window, peer):
    window.snapshots.save(2)
    assert window.status_line.sentence.text() == ""
    peer.say("/done", "/aitunes/snapshot/save", "tiny 3")
    assert window.status_line.sentence.text() == "Snapshot 3 holds the present sound."


def test_a_recording_outlives_a_lost_connection(playing, peer, clock, qtbot):
    record = RecordButton(playing, clock)
    qtbot.addWidget(record)
    peer.say("/aitunes/record/start", "take.wav")
    record.set_disconnected()
    assert (record.text(), record.isChecked()) == ("Record", False)
    clock.now += 65.0
    record.request_state()
    peer.say("/aitunes/record/start", "take.wav")
    assert (record.text(), record.isChecked()) == ("● 1:05", True)
    record.set_disconnected()
    record.request_state()
    peer.say("/aitunes/record/start", "")
    assert (record.text(), record.isChecked()) == ("Record", False)


def test_a_recording_of_before_our_time_has_no_clock_that_would_lie(playing, peer, qtbot):
    record = RecordButton(playing)
    qtbot.addWidget(record)
    record.request_state()
    assert peer.arrived == [("/aitunes/record/start",)]
    peer.say("/aitunes/record/start", "take.wav")
    assert (record.text(), record.isChecked()) == ("● on", True)


def test_full_screen_restores_the_window(window, qtbot):
    window.setGeometry(40, 50, 1000, 700)
    before = window.geometry()
    letters = window.font().pixelSize()
    qtbot.keyClick(window.surface, Qt.Key.Key_F11)
    assert window.isFullScreen()
    assert not window.head.isVisible()
    assert window.record.isVisible()
    qtbot.keyClick(window.surface, Qt.Key.Key_F11)
    assert not window.isFullScreen()
    assert window.geometry() == before
    assert window.head.isVisible()
    assert window.font().pixelSize() == letters


def test_ctrl_q_in_full_screen_does_not_close_the_window(window, peer, qtbot):
    window.ends_engine = True
    window.full_screen.toggle()
    qtbot.keyClick(window.surface, Qt.Key.Key_Q, Qt.KeyboardModifier.ControlModifier)
    assert window.isVisible()
    assert peer.sent_to("/quit") == []
    assert "Esc leaves full screen" in window.status_line.sentence.text()


def test_a_double_click_on_a_fader_that_trembles_leaves_it_at_rest(window, qtbot):
    gain = window.side.transport.faders["/gain"]
    place = QPoint(20, gain.height() // 2)
    qtbot.mouseClick(gain, LEFT, pos=place)
    QTest.mouseDClick(gain, LEFT, pos=place)
    QTest.mouseEvent(QTest.MouseAction.MouseMove, gain, LEFT, Qt.KeyboardModifier.NoModifier, place + QPoint(1, 0))
    assert gain.number == 0.0


def test_long_names_do_not_widen_the_window(window, peer, card):
    window.resize(900, 600)
    long = "The Complete and Unabridged Sounds of Everything That Has Ever Been Heard Anywhere"
    peer.say("/aitunes/release/info", replace(card, public_name=long, description=long).to_json())
    peer.say("/aitunes/device", long, "ALSA", 48e3)
    peer.say("/done", "/aitunes/device/list", 1)
    peer.say("/aitunes/gesture", long)
    peer.say("/done", "/aitunes/gesture/list", 1)
    assert window.minimumSizeHint().width() <= 900
    assert window.width() == 900
    assert window.head.release.text().startswith("The Complete")
    assert long in window.head.release.toolTip()
