"""Tests of mouse, pen and touch on the surface."""

import numpy as np
import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QInputDevice, QPointingDevice, QTabletEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from instrument.pad.release_map import release_map
from tests.instrument.pad.test_release_map import marks

LEFT, RIGHT, NONE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.NoButton


@pytest.fixture
def pen(window):
    """Send what a pen does to the pad: the kind of event, where, and the buttons that are down."""
    device = QPointingDevice(
        "pen", 1, QInputDevice.DeviceType.Stylus, QPointingDevice.PointerType.Pen,
        QInputDevice.Capability.Position | QInputDevice.Capability.Pressure | QInputDevice.Capability.Hover, 1, 2,
    )  # fmt: skip

    def send(kind, x, y, pressure=0.0, button=NONE, modifiers=Qt.KeyboardModifier.NoModifier):
        place = QPointF(x, y)
        there = QPointF(window.surface.mapToGlobal(place))
        down = button if kind is not QEvent.Type.TabletRelease else NONE
        event = QTabletEvent(kind, device, place, there, pressure, 0, 0, 0, 0, 0, modifiers, button, down)
        event.setAccepted(False)
        QApplication.sendEvent(window.surface, event)
        return event.isAccepted()

    return send


def places(peer):
    return [message[1:] for message in peer.sent_to("/aitunes/pad/xy")]


def test_a_pen_plays_while_it_touches_and_only_then(window, peer, pen):
    surface = window.surface
    pen(QEvent.Type.TabletMove, 150, 150)
    assert peer.arrived == []
    pen(QEvent.Type.TabletPress, 200, 200, 0.1, LEFT)
    pen(QEvent.Type.TabletMove, 260, 220, 0.9, LEFT)
    pen(QEvent.Type.TabletMove, 300, 240, 0.0, LEFT)  # as light as a hand can be, and still on the pad
    pen(QEvent.Type.TabletRelease, 300, 240, 0.0, LEFT)
    pen(QEvent.Type.TabletMove, 400, 300)
    wanted = [surface.pad_position_of(QPointF(x, y)) for x, y in ((200, 200), (260, 220), (300, 240))]
    np.testing.assert_allclose(places(peer), wanted, atol=1e-6)


def test_a_pen_that_hovers_names_a_landmark_and_with_ctrl_plays_it(window, peer, pen, rng):
    card = window.session.model.card
    coordinates = rng.normal(size=(20, 3)).astype(np.float32)
    window.surface.show_map(release_map(card, marks(card, coordinates, ["a"] * 20)))
    place = window.surface.pixel_at(*window.surface.release_map.positions((0, 1))[7].tolist())
    assert pen(QEvent.Type.TabletMove, place.x(), place.y())
    assert window.surface.release_map.names[window.surface.hovered] == "sound 7"
    control = Qt.KeyboardModifier.ControlModifier
    pen(QEvent.Type.TabletPress, place.x(), place.y(), 0.5, LEFT, control)
    np.testing.assert_allclose(peer.arrived[-1][1:], coordinates[7], atol=1e-4)


def test_a_pens_own_button_is_left_to_the_menu(pen, peer):
    assert not pen(QEvent.Type.TabletPress, 200, 200, 0.5, RIGHT)
    assert peer.arrived == []


def test_a_pen_goes_home_by_two_taps_in_one_place(window, peer, pen, clock):
    for x in (200, 202):
        pen(QEvent.Type.TabletPress, x, 200, 0.5, LEFT)
        pen(QEvent.Type.TabletRelease, x, 200, 0.0, LEFT)
    assert peer.arrived[-1] == ("/aitunes/latent", 0.0, 0.0, 0.0)


def test_two_taps_in_two_places_or_at_leisure_play_both(window, peer, pen, clock):
    for x, seconds in ((200, 0.0), (260, 0.1), (260, 2.0)):
        clock.now += seconds
        pen(QEvent.Type.TabletPress, x, 200, 0.5, LEFT)
        pen(QEvent.Type.TabletRelease, x, 200, 0.0, LEFT)
    assert len(places(peer)) == 3
    assert peer.sent_to("/aitunes/latent") == []


def test_a_double_click_that_trembles_stays_at_home(window, peer, qtbot):
    place = QPoint(300, 300)
    qtbot.mouseClick(window.surface, LEFT, pos=place)
    QTest.mouseDClick(window.surface, LEFT, pos=place)
    QTest.mouseEvent(QTest.MouseAction.MouseMove, window.surface, LEFT, Qt.KeyboardModifier.NoModifier, place)
    qtbot.mouseMove(window.surface, place + QPoint(1, 0))
    assert peer.arrived[-1] == ("/aitunes/latent", 0.0, 0.0, 0.0)


@pytest.fixture
def anchor(window):
    """An anchor in the window, and where it is painted."""
    window.session.anchors.add("calm", np.zeros(3, np.float32), 0.25, 0.75)
    return window.surface.pixel_at(0.25, 0.75)


def test_a_pen_drags_an_anchor(window, peer, pen, anchor):
    pen(QEvent.Type.TabletPress, anchor.x(), anchor.y(), 0.5, LEFT)
    pen(QEvent.Type.TabletMove, anchor.x() + 90, anchor.y(), 0.5, LEFT)
    pen(QEvent.Type.TabletRelease, anchor.x() + 90, anchor.y(), 0.0, LEFT)
    x, y = window.surface.pad_position_of(anchor + QPointF(90, 0))
    assert (window.session.anchors.anchors[0].x, window.session.anchors.anchors[0].y) == pytest.approx((x, y), abs=1e-6)
    assert peer.arrived == []


def test_a_finger_drags_an_anchor_and_another_finger_does_not_take_over(window, peer, anchor):
    touch = QTest.createTouchDevice(QInputDevice.DeviceType.TouchScreen)
    surface, start = window.surface, anchor.toPoint()
    QTest.touchEvent(window, touch).press(0, start, surface)
    QTest.touchEvent(window, touch).move(0, start + QPoint(90, 0), surface)
    QTest.touchEvent(window, touch).stationary(0).press(1, start + QPoint(300, 100), surface)
    QTest.touchEvent(window, touch).release(0, start + QPoint(90, 0), surface).stationary(1)
    QTest.touchEvent(window, touch).move(1, start + QPoint(310, 100), surface)
    QTest.touchEvent(window, touch).release(1, start + QPoint(310, 100), surface)
    wanted = surface.pad_position_of(QPointF(start + QPoint(90, 0)))
    assert (window.session.anchors.anchors[0].x, window.session.anchors.anchors[0].y) == pytest.approx(wanted, abs=1e-6)
    assert places(peer) == []
