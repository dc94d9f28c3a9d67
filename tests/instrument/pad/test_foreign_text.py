"""Text of strangers is shown as it is written: no markup, no file that it names, no line that it forges."""

from dataclasses import replace

import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)

from PySide6 import QtGui
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextDocument
from PySide6.QtWidgets import QLabel, QMenu, QWidget

from instrument.pad.widgets.label import literal_caption, literal_tip

MARKUP = "<img src='file:///dev/zero'><b>bold</b> & \"quoted\""
TABLES = "<table><tr><td>" * 400
ESCAPES = "\x1b[2J\u202e\nsecond line"


def shown(tip):
    """Return what a tooltip shows."""
    document = QTextDocument()
    document.setHtml(tip) if QtGui.Qt.mightBeRichText(tip) else document.setPlainText(tip)
    return document.toPlainText()


def test_every_label_shows_plain_text(window):
    labels = window.findChildren(QLabel)
    assert len(labels) > 60
    assert [label.text() for label in labels if label.textFormat() is not Qt.TextFormat.PlainText] == []


@pytest.mark.parametrize("text", [MARKUP, "<b>bold</b>", "a & b", "two\nlines", "&lt;b&gt;", "plain", ""])
def test_a_tooltip_shows_its_text_literally(text):
    assert shown(literal_tip(text)) == text


def test_an_ampersand_in_a_caption_is_one():
    assert literal_caption("R & B") == "R && B"


def test_a_card_with_markup_is_shown_literally(window, peer, card, qtbot):
    peer.say(
        "/aitunes/release/info", replace(card, public_name=MARKUP[:60], description=MARKUP + TABLES[:900]).to_json()
    )
    assert window.windowTitle() == f"{MARKUP[:60]} – AiTunes"
    assert window.head.description.text().startswith(MARKUP)
    assert shown(window.head.description.toolTip()).startswith(MARKUP)
    assert shown(window.head.release.toolTip()).startswith(MARKUP[:60])
    qtbot.keyClick(window.surface, Qt.Key.Key_L)
    peer.say("/aitunes/release", "tiny", MARKUP, MARKUP + TABLES[:900], 3)
    peer.say("/done", "/aitunes/release/list", 1)
    assert window.picker.list.item(0).text() == MARKUP
    assert window.picker.description.text().startswith(MARKUP)
    window.picker.grab()  # rendered as HTML it would read the file for ever


def test_escapes_in_a_name_are_written_out(window, peer, card):
    peer.say("/aitunes/release/info", replace(card, public_name=ESCAPES, description=ESCAPES).to_json())
    assert window.windowTitle() == r"\x1b[2J\u202e\nsecond line – AiTunes"
    assert window.head.description.text() == r"\x1b[2J\u202e\nsecond line"


def test_markup_from_the_engine_in_every_other_text_is_shown_literally(window, peer):
    peer.say("/fail", "/aitunes/gain", MARKUP)
    assert MARKUP in window.status_line.sentence.text()
    peer.say("/aitunes/gesture/record", MARKUP)
    peer.say("/aitunes/gesture", MARKUP)
    peer.say("/done", "/aitunes/gesture/list", 1)
    peer.say("/aitunes/device", MARKUP, "ALSA", 48e3)
    peer.say("/done", "/aitunes/device/list", 1)
    widgets = [widget for widget in window.findChildren(QWidget) if "img" in widget.toolTip()]
    assert len(widgets) >= 2
    for widget in widgets:
        assert MARKUP in shown(widget.toolTip())


def test_an_anchors_name_is_literal_in_the_menu(window, qtbot):
    window.session.anchors.add("R & <b>B</b>", window.session.model.latent.target, 0.5, 0.5)
    menu = window.menu.open(window.surface.pixel_at(0.5, 0.5).toPoint())
    assert isinstance(menu, QMenu)
    assert "Remove the anchor “R && <b>B</b>”" in [action.text() for action in menu.actions()]
    menu.close()
