"""The window as a whole, without a screen."""

import os

import numpy as np
import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)

from PySide6.QtCore import QEvent, QObject, QPoint, QPointF, Qt
from PySide6.QtGui import QPointingDevice, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractScrollArea,
    QAbstractSlider,
    QApplication,
    QComboBox,
    QScrollBar,
    QTabBar,
    QToolButton,
    QWidget,
)
from typing_extensions import override

from aitunes.release.reader import read_card
from instrument.storage.library import Library

CONTROLS = (QAbstractButton, QAbstractSlider, QComboBox, QAbstractItemView)


@pytest.fixture
def frames(window, qtbot):
    """Let some frames pass."""
    return lambda: qtbot.wait(60)


def controls(window):
    """All that can be worked with; not the parts that Qt makes for itself."""
    own = [each for each in window.findChildren(QWidget) if isinstance(each, CONTROLS)]
    qts = (QComboBox, QTabBar, QAbstractScrollArea)
    return [
        each
        for each in own
        if not isinstance(each, QScrollBar) and not any(isinstance(parent, qts) for parent in parents(each))
    ]


def parents(widget):
    """Its parent and its parent's parent, who are Qt's own for parts of Qt's own."""
    return [widget.parent(), widget.parent() and widget.parent().parent()]


def test_every_control_has_a_name_for_those_who_do_not_see_it(window):
    everything = controls(window)
    assert len(everything) > 50
    assert [each for each in everything if not each.accessibleName()] == []


def test_a_drag_is_a_position_for_each_place(window, peer, qtbot):
    surface = window.surface
    qtbot.mousePress(surface, Qt.MouseButton.LeftButton, pos=QPoint(200, 200))
    for x in (260, 320):
        qtbot.mouseMove(surface, QPoint(x, 200))
    qtbot.mouseRelease(surface, Qt.MouseButton.LeftButton, pos=QPoint(320, 200))
    places = [message[1:] for message in peer.sent_to("/aitunes/pad/xy")]
    wanted = [surface.pad_position_of(QPointF(x, 200)) for x in (200, 260, 320)]
    np.testing.assert_allclose(places, wanted, atol=1e-6)
    assert window.session.point.target == pytest.approx(wanted[-1], abs=1e-5)


def test_a_double_click_goes_home(window, peer, qtbot):
    qtbot.mouseClick(window.surface, Qt.MouseButton.LeftButton, pos=QPoint(200, 200))
    qtbot.mouseDClick(window.surface, Qt.MouseButton.LeftButton, pos=QPoint(300, 300))
    assert peer.arrived[-1] == ("/aitunes/latent", 0.0, 0.0, 0.0)


def test_the_wheel_is_the_third_direction(window, peer):
    centre = QPointF(window.surface.rect().center())
    event = QWheelEvent(
        centre, window.surface.mapToGlobal(centre), QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(window.surface, event)
    assert peer.arrived == [("/aitunes/latent/2", pytest.approx(0.2))]


def test_fingers_play_and_turn(window, peer):
    touch = QTest.createTouchDevice(QPointingDevice.DeviceType.TouchScreen)
    surface = window.surface
    QTest.touchEvent(window, touch).press(0, QPoint(200, 200), surface)
    first, second = QPoint(200, 200), QPoint(400, 300)
    QTest.touchEvent(window, touch).stationary(0).press(1, second, surface)
    QTest.touchEvent(window, touch).stationary(0).move(1, second - QPoint(0, 100), surface)
    QTest.touchEvent(window, touch).release(0, first, surface).release(1, second, surface)
    assert peer.sent_to("/aitunes/pad/xy")[0][1:] == pytest.approx(surface.pad_position_of(QPointF(first)), abs=1e-6)
    turned = peer.sent_to("/aitunes/latent/2")
    assert turned
    assert turned[-1][1] > 0.0


def test_arrows_move_a_little_and_with_shift_less(window, qtbot):
    x, y = window.session.point.target
    qtbot.keyClick(window.surface, Qt.Key.Key_Right)
    assert window.session.point.target == pytest.approx((x + 0.02, y), abs=1e-5)
    qtbot.keyClick(window.surface, Qt.Key.Key_Up, Qt.KeyboardModifier.ShiftModifier)
    assert window.session.point.target == pytest.approx((x + 0.02, y + 0.002), abs=1e-5)


def test_a_landmark_is_named_and_played_exactly(window, peer, qtbot, rng):
    from instrument.pad.release_map import release_map
    from tests.instrument.pad.test_release_map import marks

    coordinates = rng.normal(size=(20, 3)).astype(np.float32)
    window.surface.show_map(
        release_map(window.session.model.card, marks(window.session.model.card, coordinates, ["a"] * 20))
    )
    x, y = window.surface.release_map.positions((0, 1))[7]
    place = window.surface.pixel_at(x, y)
    assert window.surface.release_map.names[window.surface.landmark_at(place)] == "sound 7"
    button, control = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier
    qtbot.mouseClick(window.surface, button, control, place.toPoint())
    np.testing.assert_allclose(peer.arrived[-1][1:], coordinates[7], atol=1e-4)


@pytest.mark.parametrize(("width", "height"), [(900, 600), (1280, 800), (3840, 2160)])
def test_every_page_can_be_chosen_without_scrolling(window, frames, width, height):
    window.resize(width, height)
    tabs = window.side.tabs
    for page in range(tabs.count()):
        tabs.setCurrentIndex(page)
        frames()
        assert not any(arrow.isVisible() for arrow in tabs.tabBar().findChildren(QToolButton))
        assert tabs.tabBar().tabRect(tabs.count() - 1).right() <= tabs.width()


def test_the_space_bar_stops_and_starts(window, peer, qtbot):
    qtbot.keyClick(window.surface, Qt.Key.Key_Space)
    qtbot.keyClick(window.surface, Qt.Key.Key_Space)
    assert peer.arrived == [("/aitunes/stop",), ("/aitunes/play",)]


@pytest.mark.parametrize(("width", "height"), [(900, 600), (1280, 800), (3840, 2160)])
def test_nothing_is_cut_off(window, frames, width, height):
    window.resize(width, height)
    frames()
    assert (window.width(), window.height()) == (width, height)
    letters = window.surface.fontMetrics().height()
    assert letters >= 0.016 * min(height, width * 0.6)
    for each in controls(window):
        if each.isVisible():
            assert each.width() >= min(each.minimumSizeHint().width(), each.parent().width()), each.accessibleName()
            corner = each.mapTo(window, QPoint(each.width(), 0))
            assert corner.x() <= width, each.accessibleName()


def test_a_point_that_rests_paints_nothing(window, frames, clock):
    class Counter(QObject):
        painted = 0

        @override
        def eventFilter(self, watched, event):
            self.painted += event.type() == QEvent.Type.Paint
            return False

    clock.now += 1.2
    frames()
    counter = Counter()
    window.surface.installEventFilter(counter)
    frames()
    assert counter.painted == 0
    window.session.point.nudge(0.1, 0.0)
    frames()
    assert counter.painted > 0


def test_the_loss_and_the_return_of_an_engine_are_shown(window, peer, qtbot):
    assert not window.banner.isVisible()
    peer.close()
    qtbot.waitUntil(window.banner.isVisible, timeout=60_000)
    assert window.banner.title.text() == "The engine has gone"
    before = window.session.model.latent.target.tolist()
    peer.open()
    qtbot.waitUntil(lambda: bool(peer.arrived) or False, timeout=60_000)
    peer.say("/status.reply", 0, 0, 0, 1, 1.0, 1.0, 48e3, 48e3, 1.0, 1.0, 1.0, 1.0, "tiny", True)
    assert not window.banner.isVisible()
    assert window.session.model.latent.target.tolist() == before
    assert ("/aitunes/release/load", "tiny") in peer.arrived


def test_keys_go_from_song_to_song_and_the_engines_answer_is_shown(window, peer, qtbot):
    said = []
    window.session.model.message.connect(said.append)
    qtbot.keyClick(window.surface, Qt.Key.Key_N)
    qtbot.keyClick(window.surface, Qt.Key.Key_N, Qt.KeyboardModifier.ShiftModifier)
    qtbot.waitUntil(lambda: len(peer.sent_to("/aitunes/set/next", "/aitunes/set/previous")) == 2)
    peer.say("/aitunes/set/song", 2)
    qtbot.waitUntil(lambda: said == ["Song 2."])


def test_sheets_open_and_close_by_keys(window, qtbot):
    qtbot.keyClick(window.surface, Qt.Key.Key_H)
    assert window.help.isVisible()
    qtbot.keyClick(window.help, Qt.Key.Key_Escape)
    assert not window.help.isVisible()


def test_the_picker_loads_what_was_chosen(window, peer, qtbot):
    qtbot.keyClick(window.surface, Qt.Key.Key_L)
    for name in ("tiny", "wide"):
        peer.say("/aitunes/release", name, name.title(), "Made by a test.", 3)
    peer.say("/done", "/aitunes/release/list", 2)
    assert "Made by a test." in window.picker.description.text()
    qtbot.keyClick(window.picker.list, Qt.Key.Key_Down)
    qtbot.keyClick(window.picker.list, Qt.Key.Key_Return)
    assert peer.sent_to("/aitunes/release/load") == [("/aitunes/release/load", "wide")]
    assert not window.picker.isVisible()


@pytest.fixture
def browse(window, peer, qtbot, releases):
    """Open the list of the tests' releases, and select one after the other; which maps are read."""
    from instrument.pad.widgets import release_picker

    read = []

    class Recording(Library):
        def find(self, name):
            read.append(name)
            return super().find(name)

    picker = release_picker.ReleasePicker(window, window.session.model, Recording([releases]))
    for name in ("tiny", "wide", "notes"):
        peer.say("/aitunes/release", name, name.title(), "Made by a test.", 3)
    peer.say("/done", "/aitunes/release/list", 3)
    picker.open()
    return picker, read


def test_releases_that_are_passed_over_in_the_list_are_not_opened(browse, qtbot):
    picker, read = browse
    qtbot.waitUntil(lambda: bool(read), timeout=60_000)
    read.clear()
    for row in (0, 1, 2):
        picker.list.setCurrentRow(row)
    assert read == []
    qtbot.waitUntil(lambda: bool(read), timeout=60_000)
    assert set(read) == {"notes"}


@pytest.mark.parametrize(
    ("name", "content", "enabled"),
    [
        ("preview.wav", b"RIFF\0\0\0\0WAVE", True),
        ("preview.ogg", b"OggS\0\2", True),
        ("preview.ogg", b"RIFF\0\0\0\0WAVE", False),
        ("preview.wav", b"#!/bin/sh\nexit\n", False),
        ("preview.ogg", b"", False),
        ("preview.wav", None, False),
    ],
)
def test_a_preview_is_offered_only_where_it_is_sound(window, peer, qtbot, tmp_path, tiny, name, content, enabled):
    from instrument.pad.widgets.release_picker import ReleasePicker

    tiny.write(tmp_path, "tiny")
    preview = tmp_path / "tiny" / name
    if content is not None:
        preview.write_bytes(content)
    elif hasattr(os, "mkfifo"):
        os.mkfifo(preview)
    picker = ReleasePicker(window, window.session.model, Library([tmp_path]))
    picker.open()
    peer.say("/aitunes/release", "tiny", "Tiny", "Made by a test.", 3)
    peer.say("/done", "/aitunes/release/list", 1)
    qtbot.wait(400)
    assert picker.listen.isEnabled() == enabled


def test_axes_that_meet_change_places(window, peer, qtbot):
    box = window.side.coordinates.axes[0]
    box.setCurrentIndex(2)
    box.activated.emit(2)
    assert peer.arrived == [("/aitunes/pad/axes", 2, 1)]
    assert [each.currentIndex() for each in window.side.coordinates.axes] == [2, 1, 0]


def test_sound_files_become_anchors(window, qtbot, tmp_path):
    import soundfile

    window.side.anchors.folder = Library().find("first-light")
    window.session.model.latent.target = np.zeros(8, np.float32)
    t = np.arange(24_000) / 48_000
    soundfile.write(tmp_path / "tone.wav", 0.5 * np.sin(2 * np.pi * 440.0 * t), 48_000)
    window.side.anchors.add_files([tmp_path / "tone.wav", tmp_path / "nothing.wav"], 0.25, 0.75)
    qtbot.waitUntil(lambda: not window.session.encoder.busy, timeout=60_000)
    (anchor,) = window.session.anchors.anchors
    assert (anchor.name, anchor.x, anchor.y) == ("tone", 0.25, 0.75)
    assert "nothing.wav is no file." in window.status_line.sentence.text()


def test_what_was_set_is_there_after_the_next_start(window, home):
    from instrument.pad.preferences import PreferencesFile

    window.side.tabs.setCurrentIndex(2)
    window.snapshots.morph.show_value(7.5)
    window.resize(1000, 700)
    window.close()
    later, _ = PreferencesFile(home / "pad.json").read()
    assert (later.release, later.tab, later.morph_seconds) == ("tiny", 2, 7.5)
    assert later.geometry_bytes == bytes(window.saveGeometry().data())


@pytest.mark.parametrize(("ends", "quits"), [(True, 1), (False, 0)])
def test_closing_ends_the_engine_only_where_it_is_the_windows_own(window, peer, ends, quits):
    window.ends_engine = ends
    window.close()
    assert len(peer.sent_to("/quit")) == quits
    assert ("/notify", 0) in peer.arrived


def test_letters_keep_their_proportion_to_the_window():
    from instrument.pad.theme import font_pixels

    assert font_pixels(1280, 800) == 14
    assert font_pixels(900, 600) == 11
    assert font_pixels(3840, 2160) == round(14 * 2.7)


def luminance(colour):
    """Relative luminance, as WCAG 2 has it."""
    parts = np.array([int(colour[n : n + 2], 16) / 255 for n in (1, 3, 5)])
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return linear @ (0.2126, 0.7152, 0.0722)


def test_all_text_has_the_contrast_of_wcag_aa():
    from instrument.pad import theme

    grounds = (theme.GROUND, theme.PANEL, theme.RAISED)
    pairs = [(words, ground) for words in (theme.TEXT, theme.QUIET) for ground in grounds]
    pairs += [(theme.ON_ACCENT, theme.ACCENT), (theme.ON_ACCENT, theme.BAD), (theme.BAD, theme.GROUND)]
    pairs += [(theme.DISABLED, theme.PANEL), *((colour, theme.FLOOR) for colour in theme.LABEL_COLOURS)]
    for pair in pairs:
        darker, brighter = sorted(map(luminance, pair))
        assert (brighter + 0.05) / (darker + 0.05) >= 4.5, pair


def test_a_release_with_a_pitch_brings_its_piano_and_one_without_takes_it_away(window, peer, releases, card, qtbot):
    assert not window.notes.isVisible()
    peer.say("/aitunes/release/info", read_card(releases / "notes").to_json())
    assert window.notes.isVisible()
    assert window.notes.drone.isChecked()
    assert ("/aitunes/envelope",) in peer.arrived
    peer.say("/aitunes/envelope", 0.5, 2.0)
    peer.say("/aitunes/voices", 3)
    peer.forget()
    notes = window.notes
    assert (notes.attack.number, notes.release_time.number, notes.voices.number) == (0.5, 2.0, 3.0)
    notes.attack.moved_to.emit(0.5)
    qtbot.keyClick(window.surface, Qt.Key.Key_K)
    qtbot.keyPress(window.surface, Qt.Key.Key_Q)
    qtbot.keyRelease(window.surface, Qt.Key.Key_Q)
    assert peer.arrived == [("/aitunes/envelope", 0.5, 2.0), ("/aitunes/note", 60, 100), ("/aitunes/note", 60, 0)]
    qtbot.keyPress(window.surface, Qt.Key.Key_Q)
    peer.say("/aitunes/release/info", card.to_json())
    assert peer.arrived[-1] != ("/aitunes/note", 60, 100)
    assert ("/aitunes/note", 60, 0) in peer.arrived[3:]
    assert not notes.isVisible()
