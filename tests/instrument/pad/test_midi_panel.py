"""MIDI in the pad: what is plugged in, what is mapped, and learning with the right mouse button."""

import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)

from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QContextMenuEvent, QKeyEvent
from PySide6.QtWidgets import QApplication, QMenu

from instrument.pad.held_key import HELD_SECONDS, HeldKey

LEARN, MAP, FORGET = "/aitunes/midi/learn", "/aitunes/midi/map", "/aitunes/midi/forget"
MAPPINGS = """\
# mine
[[mapping]]
address = "/aitunes/gain"
controller = 7
device = "<b>box</b>"

[[mapping]]
address = "/aitunes/envelope"
controller14 = 3
channel = 2
argument = 2

[[mapping]]
nonsense
"""


@pytest.fixture
def panel(window, peer):
    peer.say("/aitunes/midi/inputs", "keys\nbox")
    peer.say("/aitunes/midi/list", MAPPINGS)
    peer.forget()
    return window.side.midi


def right_click(window, widget):
    """Open the menu of a widget as the right mouse button does; the actions by their captions."""
    middle = widget.rect().center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Mouse, middle, widget.mapToGlobal(middle))
    QApplication.sendEvent(window, QContextMenuEvent(event.reason(), widget.mapTo(window, middle), event.globalPos()))
    menus = [menu for menu in window.findChildren(QMenu) if menu.isVisible()]
    return {action.text(): action for menu in menus for action in menu.actions()}


def texts(table):
    return [[table.item(row, column).text() for column in range(2)] for row in range(table.rowCount())]


def test_the_page_lists_inputs_and_mappings(panel):
    assert panel.inputs.text() == "keys, box"
    assert texts(panel.table) == [["CC 7", "/gain"], ["CC 3 (14 bits), channel 2", "/envelope (2)"]]
    assert panel.learning.text().startswith("Right-click a fader")


def test_the_right_mouse_button_learns_and_forgets(panel, window, peer):
    window.show()
    actions = right_click(window, window.side.transport.faders["/gain"])
    assert list(actions) == ["Learn a controller", "Forget CC 7"]
    actions["Learn a controller"].trigger()
    assert peer.sent_to(LEARN) == [(LEARN, "/aitunes/gain", 1)]
    actions["Forget CC 7"].trigger()
    assert peer.sent_to(FORGET) == [(FORGET, "/aitunes/gain")]


def test_what_is_learned_is_shown_until_a_controller_moves(panel, peer):
    peer.say(LEARN, "/aitunes/gain", 1)
    assert panel.learning.text() == "Move a controller for /gain …"
    panel.cancel.click()
    assert peer.sent_to(LEARN) == [(LEARN, "")]
    peer.say(LEARN, "")
    assert panel.learning.text().startswith("Right-click a fader")


def test_a_mapping_is_changed_and_forgotten_in_the_table(panel, peer):
    assert not panel.forget.isEnabled()
    panel.table.selectRow(1)
    panel.takeover.click()
    ((_, text),) = peer.sent_to(MAP)
    assert "controller14 = 3" in text
    assert "takeover = false" in text
    panel.mode.setCurrentIndex(panel.mode.findData("relative-offset"))
    panel.mode.activated.emit(panel.mode.currentIndex())
    assert 'mode = "relative-offset"' in peer.sent_to(MAP)[1][1]
    panel.forget.click()
    assert peer.sent_to(FORGET) == [(FORGET, "/aitunes/envelope")]


def test_what_midi_has_to_tell_is_in_the_status_line(panel, window, peer):
    peer.say("/aitunes/midi/notice", "default.toml: Line 3: there is no address /x.")
    assert "Line 3: there is no address" in window.status_line.sentence.text()


def test_axes_of_the_pad_are_learned_on_the_surface(panel, window, peer):
    menu = window.menu.open(QPoint(5, 5))
    next(action for action in menu.actions() if action.text() == "Learn a controller to move up").trigger()
    menu.close()
    assert peer.sent_to(LEARN) == [(LEARN, "/aitunes/pad/y", 1)]


def test_escape_that_is_held_is_a_panic_once(panel, window, peer, clock):
    window.installEventFilter(HeldKey(Qt.Key.Key_Escape, window.session.model.panic, window, clock))

    def escape(repeats):
        event = QKeyEvent(
            QEvent.Type.ShortcutOverride, Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier, "", repeats, 1
        )
        QApplication.sendEvent(window, event)

    escape(False)
    escape(True)
    assert peer.sent_to("/aitunes/panic") == []
    clock.now += HELD_SECONDS
    escape(True)
    escape(True)
    assert peer.sent_to("/aitunes/panic") == [("/aitunes/panic",)]
