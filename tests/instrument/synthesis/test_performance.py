import copy
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aitunes.release.card import LatentSpace
from instrument.namespace import ROOT, MessageError
from instrument.synthesis.performance import Performance
from instrument.synthesis.tones import DRONE_SLOT, PitchRange


def latent_space(latent_dim, seed=0):
    return LatentSpace.from_codes(
        np.random.default_rng(seed).normal(size=(400, latent_dim)) * np.arange(1, latent_dim + 1)
    )


@pytest.fixture
def performance():
    return Performance(latent_space(5), "first", iterations=4)


def act(performance, path, *values):
    performance.apply(ROOT + path, values)


def ask(performance, path):
    return performance.value(ROOT + path)


def test_it_begins_at_home_and_plays(performance):
    assert performance.playing
    assert np.array_equal(performance.advance(0.0), np.zeros(5))


def test_without_smoothing_the_position_is_reached_at_once(performance):
    act(performance, "/latent", 1.0, 2.0, 3.0, -1.0, -2.0)
    assert performance.advance(0.003).tolist() == [1.0, 2.0, 3.0, -1.0, -2.0]


def test_smoothing_is_a_straight_line_that_ends_in_time(performance):
    act(performance, "/smoothing", 1.0)
    act(performance, "/latent", 1.0, 2.0, 3.0, -1.0, -2.0)
    path = np.array([performance.advance(0.01) for _ in range(120)])
    share = np.minimum(0.01 * np.arange(1, 121), 1.0)
    assert np.allclose(path, share[:, None] * [1.0, 2.0, 3.0, -1.0, -2.0], atol=1e-5)


@given(st.lists(st.floats(0.001, 0.2), min_size=1, max_size=60))
def test_smoothing_does_not_depend_on_the_hops(hops):
    performance = Performance(latent_space(2), "first", iterations=4)
    act(performance, "/smoothing", 2.0)
    act(performance, "/latent", 4.0, -4.0)
    for hop in hops:
        coordinates = performance.advance(hop)
    assert coordinates == pytest.approx(np.array([4.0, -4.0]) * min(1.0, sum(hops) / 2.0), abs=1e-3)


def test_smoothing_that_is_interrupted_goes_on_from_where_it_is(performance):
    act(performance, "/smoothing", 1.0)
    act(performance, "/latent", 2.0, 0.0, 0.0, 0.0, 0.0)
    performance.advance(0.5)
    act(performance, "/latent", 0.0, 0.0, 0.0, 0.0, 0.0)
    assert performance.advance(0.0)[0] == pytest.approx(1.0)
    assert performance.advance(0.5)[0] == pytest.approx(0.5)
    assert performance.advance(0.5)[0] == pytest.approx(0.0, abs=1e-6)


@given(st.floats(0, 1), st.floats(0, 1))
def test_the_pad_is_where_it_was_set(x, y):
    performance = Performance(latent_space(5), "first", iterations=4)
    act(performance, "/pad/xy", x, y)
    assert performance.point.pad == pytest.approx((x, y), abs=1e-5)
    assert ask(performance, "/pad/x") + ask(performance, "/pad/y") == performance.point.pad


def test_the_pads_edges_are_the_releases(performance):
    space = latent_space(5)
    act(performance, "/pad/xy", 0.0, 1.0)
    low, high = space.pad_range[0][0], space.pad_range[1][1]
    assert ask(performance, "/latent")[:2] == pytest.approx((low, high))
    assert ask(performance, "/latent")[2:] == (0.0, 0.0, 0.0)


def test_one_coordinate_moves_alone_and_the_pad_with_it(performance):
    act(performance, "/pad/xy", 0.5, 0.5)
    before = ask(performance, "/latent")
    act(performance, "/latent/1", 0.25)
    assert ask(performance, "/latent") == (before[0], 0.25, *before[2:])
    assert performance.point.pad[0] == pytest.approx(0.5)
    low, high = latent_space(5).pad_range[1]
    assert performance.point.pad[1] == pytest.approx((0.25 - low) / (high - low))


@pytest.mark.parametrize("axis", [0, 1])
def test_one_axis_of_the_pad_leaves_the_other_where_it_is(performance, axis):
    far = (4.0, -4.0, 0.0, 0.0, 0.0)  # beyond the pad's edges
    act(performance, "/latent", *far)
    act(performance, ("/pad/x", "/pad/y")[axis], 0.5)
    assert ask(performance, "/latent")[1 - axis] == far[1 - axis]
    assert performance.point.pad[axis] == pytest.approx(0.5)


def test_other_axes_make_the_pad_move_other_coordinates(performance):
    act(performance, "/pad/axes", 4, 2)
    act(performance, "/pad/xy", 0.9, 0.1)
    moved = np.flatnonzero(ask(performance, "/latent"))
    assert moved.tolist() == [2, 4]
    assert performance.point.pad == pytest.approx((0.9, 0.1))


@pytest.mark.parametrize("axes", [(0, 0), (0, 5), (5, 0)])
def test_axes_that_are_not_there_are_refused_and_change_nothing(performance, axes):
    with pytest.raises(MessageError, match="two different axes from 0 to 4"):
        act(performance, "/pad/axes", *axes)
    assert ask(performance, "/pad/axes") == (0, 1)


def test_another_number_of_coordinates_is_refused_and_changes_nothing(performance):
    act(performance, "/latent", 1.0, 1.0, 1.0, 1.0, 1.0)
    for path, values in (("/latent", (0.0, 0.0)), ("/latent/5", (0.0,))):
        with pytest.raises(MessageError, match="first"):
            act(performance, path, *values)
    assert ask(performance, "/latent") == (1.0,) * 5


def test_a_coordinate_that_is_not_there_has_no_value(performance):
    with pytest.raises(MessageError, match="coordinates 0 to 4"):
        ask(performance, "/latent/5")


SETTINGS = {
    "/smoothing": (0.5,),
    "/gain": (-12.0,),
    "/freeze": (True,),
    "/position": (0.25,),
    "/speed": (-1.5,),
    "/quality": (8, 2),
    "/pad/axes": (3, 1),
}


@pytest.mark.parametrize(("path", "values"), SETTINGS.items())
def test_a_setting_is_what_it_was_set_to(performance, path, values):
    act(performance, path, *values)
    assert ask(performance, path) == values


def test_play_and_stop(performance):
    act(performance, "/stop")
    assert not performance.playing
    act(performance, "/play")
    assert performance.playing


def test_a_snapshot_brings_back_position_and_settings(performance):
    act(performance, "/latent", 1.0, -1.0, 0.5, 0.25, 3.0)
    for path in ("/smoothing", "/gain", "/freeze", "/position", "/speed"):
        act(performance, path, *SETTINGS[path])
    snapshot = performance.snapshot()
    other = Performance(latent_space(5), "first", iterations=4)
    other.check_snapshot(snapshot)
    other.recall(snapshot, 0.0)
    other.advance(0.0)
    assert other.snapshot() == snapshot
    assert other.advance(0.0).tolist() == [1.0, -1.0, 0.5, 0.25, 3.0]


def test_recalling_a_snapshot_takes_the_time_asked_for(performance):
    act(performance, "/latent", 2.0, 2.0, 2.0, 2.0, 2.0)
    snapshot = performance.snapshot()
    performance.advance(0.1)
    act(performance, "/latent", 0.0, 0.0, 0.0, 0.0, 0.0)
    performance.advance(0.1)
    performance.recall(snapshot, 4.0)
    assert performance.advance(1.0)[0] == pytest.approx(0.5)
    assert performance.advance(3.0)[0] == pytest.approx(2.0)


def test_a_snapshot_of_another_release_is_refused_and_changes_nothing(performance):
    snapshot = Performance(latent_space(3), "second", iterations=4).snapshot()
    for refuse in (performance.check_snapshot, lambda snapshot: performance.recall(snapshot, 1.0)):
        with pytest.raises(MessageError, match="belongs to the release second"):
            refuse(snapshot)
    assert performance.advance(1.0).shape == (5,)


@pytest.mark.parametrize("latent_dim", [1, 2, 3, 9])
def test_changing_the_release_keeps_the_pad(performance, latent_dim):
    act(performance, "/pad/xy", 0.2, 0.7)
    performance.change_release(latent_space(latent_dim, seed=3), "second")
    assert performance.release == "second"
    assert performance.advance(0.01).shape == (latent_dim,)
    assert performance.point.pad[0] == pytest.approx(0.2, abs=1e-5)
    if latent_dim > 1:
        assert performance.point.pad[1] == pytest.approx(0.7, abs=1e-5)


def test_changing_to_a_smaller_release_leaves_two_different_axes(performance):
    act(performance, "/pad/axes", 4, 3)
    performance.change_release(latent_space(2), "second")
    assert sorted(ask(performance, "/pad/axes")) == [0, 1]


def test_a_coordinate_without_variance_has_a_place_on_the_pad(performance):
    z = np.random.default_rng(0).normal(size=(50, 3)) * [1.0, 0.0, 0.0]
    performance.change_release(LatentSpace.from_codes(z), "collapsed")
    act(performance, "/pad/xy", 0.3, 0.8)
    assert np.isfinite(performance.point.pad).all()
    performance.change_release(latent_space(5), "first")
    assert np.isfinite(performance.advance(0.01)).all()


def test_a_release_of_one_coordinate_leaves_the_next_two_axes():
    performance = Performance(latent_space(1), "one", iterations=1)
    performance.change_release(latent_space(3), "three")
    performance.apply("/aitunes/pad/xy", (0.25, 0.75))
    assert performance.value("/aitunes/pad/axes") == (0, 1)
    assert performance.point.pad == pytest.approx((0.25, 0.75), abs=1e-5)


def test_a_release_of_one_coordinate_has_one_axis():
    performance = Performance(latent_space(1), "one", iterations=1)
    performance.apply("/aitunes/pad/x", (0.25,))
    performance.apply("/aitunes/pad/y", (0.75,))
    assert performance.point.pad[0] == pytest.approx(0.25, abs=1e-5)
    with pytest.raises(MessageError, match="this release has one axis"):
        performance.apply("/aitunes/pad/axes", (0, 1))


def test_a_release_that_was_exported_again_is_another():
    latent = latent_space(3)
    performance = Performance(latent, "three", iterations=1)
    assert performance.plays(latent_space(3), "three")
    assert not performance.plays(latent, "four")
    assert not performance.plays(replace(latent, pad_range=((-1.0, 1.0),) * 3), "three")


PITCHES = PitchRange(36.0, 84.0)


@pytest.fixture
def playable():
    performance = Performance(latent_space(5), "first", iterations=4, pitches=PITCHES)
    act(performance, "/note", 60, 100)
    performance.sound(0.01)
    return performance


def test_what_sounds_moves_on_only_by_time_and_a_copy_keeps_its_own(playable):
    before = copy.copy(playable)
    act(playable, "/note", 64, 100)
    assert playable.tones == before.tones
    playable.sound(0.01)
    assert len(playable.tones) > len(before.tones)


def test_a_rehearsal_is_not_heard(playable):
    act(playable, "/latent", 1.0, 0.0, 0.0, 0.0, 0.0)
    rehearsal = playable.rehearsal()
    rehearsal.change_release(latent_space(2), "second")
    assert [tone.slot for tone in rehearsal.tones] == [DRONE_SLOT]
    playable.sound(0.01)
    assert 60.0 in {tone.pitch for tone in playable.tones}
    assert ask(playable, "/latent")[0] == 1.0


def test_a_release_of_the_same_name_and_latent_space_but_other_notes_is_another(playable):
    assert playable.plays(latent_space(5), "first", PITCHES)
    assert not playable.plays(latent_space(5), "first")


def test_a_snapshot_from_before_there_were_notes_leaves_their_settings(playable):
    act(playable, "/envelope", 0.5, 2.0)
    snapshot = playable.snapshot()
    older = replace(snapshot, settings={"/gain": [-6.0]})
    act(playable, "/voices", 2)
    playable.recall(older, 0.0)
    assert ask(playable, "/gain") == (-6.0,)
    assert ask(playable, "/voices") == (2,)
    playable.recall(snapshot, 0.0)
    assert ask(playable, "/voices") == (4,)


def test_the_beat_goes_on_with_the_sound_and_waits_where_it_is_held(playable):
    for path, value in (("/tempo", 90.0), ("/beat", 8.0)):
        playable.apply(ROOT + path, (value,))
    playable.sound(1.0)
    assert playable.transport.beat == pytest.approx(9.5)
    playable.apply(f"{ROOT}/beat/run", (False,))
    playable.sound(1.0)
    assert playable.transport.beat == pytest.approx(9.5)
