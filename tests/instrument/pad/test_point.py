"""Tests of the point: on the map, along the third axis, among anchors, wandering."""

import numpy as np
import pytest

from aitunes.motion.choice import Contour
from instrument.pad.anchors import Anchor, AnchorFile


@pytest.fixture
def point(playing, rng, clock):
    from instrument.pad.point import Point

    return Point(playing, rng, clock)


@pytest.fixture
def anchors(playing, point, tmp_path):
    from instrument.pad.anchors import AnchorSet

    anchors = AnchorSet(playing, point, AnchorFile(tmp_path / "anchors"))
    anchors.add("left", np.array([1.0, 0.0, -1.0]), 0.2, 0.5)
    anchors.add("right", np.array([-1.0, 2.0, 3.0]), 0.8, 0.5)
    return anchors


def test_a_place_beyond_the_pad_is_its_edge(point, peer):
    point.move_to(1.7, -0.3)
    assert peer.arrived == [("/aitunes/pad/xy", 1.0, 0.0)]
    assert point.target == pytest.approx((1.0, 0.0), abs=1e-5)


def test_the_wheel_moves_the_third_direction_alone(point, playing, peer):
    point.turn(0.5)
    point.turn(0.25)
    assert peer.arrived == [("/aitunes/latent/2", 0.5), ("/aitunes/latent/2", 0.75)]
    playing.locked = {2}
    point.turn(1.0)
    assert len(peer.arrived) == 2


def test_home_is_the_middle_of_the_training_sounds(point, playing):
    point.randomize()
    assert np.abs(playing.latent.target).max() > 0.0
    point.home()
    assert not playing.latent.target.any()


def test_anchors_play_only_when_asked_to(point, anchors, peer):
    point.move_to(0.2, 0.5)
    assert peer.arrived[-1][0] == "/aitunes/pad/xy"
    anchors.activate(True)
    point.move_to(0.2, 0.5)
    assert peer.arrived[-1] == ("/aitunes/latent", 1.0, 0.0, -1.0)
    assert point.target == (0.2, 0.5)
    anchors.activate(False)
    point.move_to(0.2, 0.5)
    assert peer.arrived[-1][0] == "/aitunes/pad/xy"


def test_what_another_program_plays_while_anchors_blend_is_shown_where_it_lies(point, anchors, peer, playing):
    anchors.activate(True)
    point.move_to(0.2, 0.5)
    assert point.current == point.target
    peer.say("/aitunes/latent", 0.0, 0.0, 0.0)
    assert point.target == (0.2, 0.5)
    assert point.current == pytest.approx(playing.pad_position(np.zeros(3)), abs=1e-6)


def test_a_dragged_anchor_takes_the_sound_along(point, anchors, peer):
    anchors.activate(True)
    point.move_to(0.5, 0.5)
    anchors.move(0, 0.5, 0.5)
    assert peer.arrived[-1] == ("/aitunes/latent", 1.0, 0.0, -1.0)


def test_anchors_that_begin_and_fall_as_a_recording_let_notes_do_so(point, anchors, peer, playing):
    anchors.activate(True)
    assert playing.value("/motion/attack") == 1.0
    anchors.add("plucked", np.zeros(3), 0.2, 0.9, Contour(0.25, 20.0))
    point.move_to(0.2, 0.9)
    assert [message for message in peer.arrived if "/motion/" in message[0]][-2:] == [
        ("/aitunes/motion/attack", 0.25),
        ("/aitunes/motion/decay", 20.0),
    ]
    point.move_to(0.2, 0.7)  # as far from one as from another, and farther from the third
    assert 0.25 < playing.value("/motion/attack") < 1.0
    assert 0.0 < playing.value("/motion/decay") < 20.0
    anchors.activate(False)
    assert (playing.value("/motion/attack"), playing.value("/motion/decay")) == (1.0, 0.0)


def test_anchors_without_a_contour_leave_what_a_hand_has_set(point, anchors, playing):
    playing.set("/motion/attack", 3.0)
    anchors.activate(True)
    point.move_to(0.2, 0.5)
    anchors.activate(False)
    assert playing.value("/motion/attack") == 3.0


def test_anchors_are_there_again_with_their_release(playing, point, anchors, tmp_path):
    from instrument.pad.anchors import AnchorSet

    anchors.rename(0, "warm")
    anchors.move(1, 0.9, 0.1)
    anchors.save()
    later = AnchorSet(playing, point, AnchorFile(tmp_path / "anchors"))
    playing.release_changed.emit()
    assert [(anchor.name, anchor.x, anchor.y) for anchor in later.anchors] == [("warm", 0.2, 0.5), ("right", 0.9, 0.1)]


def test_without_its_last_anchor_the_point_is_on_the_map_again(point, anchors):
    anchors.activate(True)
    anchors.remove(0)
    anchors.remove(0)
    assert not anchors.active
    assert not point.blending


def test_wandering_moves_around_the_place_and_stops(point, peer, clock, qtbot):
    point.move_to(0.5, 0.5)
    point.wander.radius = 0.1
    point.set_wandering(True)
    peer.forget()
    for _ in range(10):
        clock.now += 0.5
        qtbot.wait(25)
    point.set_wandering(False)
    places = np.array([message[1:] for message in peer.sent_to("/aitunes/pad/xy")])
    assert len(places) >= 5
    assert np.ptp(places, axis=0).min() > 0.0
    assert np.abs(places - 0.5).max() <= 0.1001
    peer.forget()
    qtbot.wait(100)
    assert peer.sent_to("/aitunes/pad/xy") == []


def test_a_hand_that_moves_while_it_wanders_is_where_it_moves_to(point, peer, clock):
    point.move_to(0.5, 0.5)
    point.wander.radius, point.wander.rate_hz = 0.3, 0.2
    peer.forget()
    point.set_wandering(True)
    for x in (None, 0.2, 0.3):
        if x is not None:
            point.move_to(x, 0.4)
        for _ in range(20):
            clock.now += 0.02
            point.step()
    point.set_wandering(False)
    places = np.array([(0.5, 0.5), *(message[1:] for message in peer.sent_to("/aitunes/pad/xy"))])
    jumps = np.abs(np.diff(places, axis=0)).max(axis=1)
    assert len(places) > 20
    assert (jumps > 0.05).sum() <= 2  # the two of the hand itself


def test_an_anchor_too_many_is_refused_with_a_sentence(anchors, playing, qtbot):
    for n in range(62):
        anchors.anchors.append(Anchor(str(n), 0.1, 0.1, (0.0, 0.0, 0.0)))
    with qtbot.waitSignal(playing.message, check_params_cb=lambda text: "64 anchors" in text):
        anchors.add("one more", np.zeros(3), 0.5, 0.5)
    assert len(anchors.anchors) == 64
