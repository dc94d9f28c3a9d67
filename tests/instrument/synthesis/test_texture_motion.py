"""Textures that move as their material did: passages around the pad, on and off a grid of beats."""

import numpy as np
import pytest

from aitunes.release.card import LatentSpace
from instrument.synthesis.motion import MotionMode, MotionSettings
from instrument.synthesis.texture_motion import TextureMotion
from instrument.synthesis.transport import Transport

pytestmark = pytest.mark.training


def tracks(frames=500):
    """Two tracks of 10 s: one circles around (−3, 0), one rises along the second axis at 3."""
    t = np.arange(frames) / 50.0
    circle = np.stack([-3.0 + 0.3 * np.cos(2 * np.pi * t), 0.3 * np.sin(2 * np.pi * t)], axis=1)
    line = np.stack([np.full(frames, 3.0), 0.2 * t], axis=1)
    motion_of_tracks = pytest.importorskip("training.export.motion").motion_of_tracks
    return motion_of_tracks([circle.astype(np.float32), line.astype(np.float32)], 50.0)


def texture(motion):
    """The motion of a release whose pad has the first two coordinates."""
    dim = motion.codes.shape[1]
    nothing, one = (0.0,) * dim, (1.0,) * dim
    axes = tuple(tuple(row) for row in np.eye(dim).tolist())
    return TextureMotion(motion, LatentSpace(nothing, one, axes, one, ((-4.0, 4.0),) * dim))


def travel(texture, z, seconds, transport=None, **settings):
    values, transport, path = MotionSettings(**settings), transport or Transport(), []
    for _ in range(int(seconds / 0.02)):
        transport.advance(0.02)
        path.append(texture.advance(np.array(z, np.float32), 0.02, values, transport)[0])
    return np.array(path)


@pytest.mark.parametrize("mode", list(MotionMode))
def test_a_texture_circles_where_its_material_does(mode):
    path = travel(texture(tracks()), (-3.0, 0.0), 8.0, mode=mode)
    assert np.abs(path - [-3.0, 0.0]).max() < 0.6
    moves = path[-50:].std(axis=0).max()
    assert (moves < 0.01) if mode is MotionMode.ONCE else (moves > 0.1)


def test_a_texture_stands_still_at_amount_0_and_moves_twice_as_far_at_2():
    still, once, twice = (travel(texture(tracks()), (-3.0, 0.0), 1.5, amount=n) for n in (0.0, 1.0, 2.0))
    assert np.array_equal(still, np.broadcast_to(np.float32([-3.0, 0.0]), still.shape))
    assert np.allclose(twice - [-3.0, 0.0], 2.0 * (once - [-3.0, 0.0]), atol=1e-4)


def test_beside_the_pad_a_texture_sounds_as_its_material_unless_the_player_moves_that_coordinate():
    rising = np.zeros((500, 4), np.float32)
    rising[:, 2], rising[:, 3] = 2.0, np.linspace(-0.5, 0.5, 500)
    motion = pytest.importorskip("training.export.motion").motion_of_tracks([rising], 50.0)
    for asked, heard in ((0.0, 2.0), (0.5, 1.5), (3.0, 3.0)):
        pad = np.array([0.7, -0.4, asked, 0.0], np.float32)
        path = travel(texture(motion), pad, 3.0)
        assert np.allclose(path[:, :2], pad[:2], atol=1e-5)  # the pad's own, though the track lies elsewhere on it
        assert np.allclose(path[:, 2], heard, atol=1e-5)
        assert path[:, 3].std() > 0.05  # and what moves goes on


def test_a_texture_never_jumps():
    path = travel(texture(tracks()), (-3.0, 0.0), 20.0, dream=0.5)
    assert np.abs(np.diff(path, axis=0)).max() < 0.8  # a fade of 0.25 s from one track to the other


def test_a_dream_goes_on_beyond_the_end_of_a_track():
    path = travel(texture(tracks(510)), (3.0, 1.9), 60.0, dream=1.0)  # no passage ends where a track does
    rests = [path[first : first + 100].std(axis=0).max() for first in range(0, len(path) - 100, 100)]
    assert min(rests) > 0.01
    assert np.abs(np.diff(path, axis=0)).max() < 0.8


def test_a_dream_leaves_the_pad_and_without_one_nobody_does():
    pad = (2.0, 1.0)
    near, away = (travel(texture(tracks()), pad, 20.0, dream=dream) for dream in (0.0, 1.0))
    assert np.abs(near - pad).max() < 0.6
    assert np.abs(away - pad).max() > 1.0


def clock(tempo=120.0, motion_beats=4.0):
    transport = Transport()
    transport.tempo, transport.motion_beats = tempo, motion_beats
    return transport


@pytest.mark.parametrize(("tempo", "speed"), [(120.0, 1.0), (100.0, 1.0), (144.0, -1.0), (120.0, 2.0)])
def test_on_a_grid_a_passage_takes_whole_steps_of_it_at_any_tempo(tempo, speed):
    seconds = 32 * 60.0 / tempo  # of which a passage of 4 s takes 8, or 4 at twice the speed
    path = travel(texture(tracks()), (-3.0, 0.0), seconds, clock(tempo), mode=MotionMode.LOOP, speed=speed)
    step = round(8 * 60.0 / tempo / 0.02)
    second, third = path[step + 20 : 2 * step], path[2 * step + 20 : 3 * step]  # after the fade
    assert np.abs(second - third).max() < 0.05
    assert second.std(axis=0).max() > 0.1


def test_on_a_grid_the_place_follows_from_the_beat():
    whole, moved = texture(tracks()), texture(tracks())
    path = travel(whole, (3.0, 1.0), 8.0, clock(), mode=MotionMode.LOOP)
    transport = clock()
    travel(moved, (3.0, 1.0), 0.5, transport, mode=MotionMode.LOOP)
    transport.beat = 13.0  # as a clock's song position would have it
    late = travel(moved, (3.0, 1.0), 1.0, transport, mode=MotionMode.LOOP)
    assert np.allclose(late[20:], path[325 + 20 : 375], atol=0.01)
    transport.running = False
    held = travel(moved, (3.0, 1.0), 1.0, transport, mode=MotionMode.LOOP)
    assert np.abs(np.diff(held[20:], axis=0)).max() == 0.0


@pytest.mark.parametrize("mode", list(MotionMode))
@pytest.mark.parametrize(("pads", "most"), [([(-3.0, 0.0)], 0.1), ([(-3.0, 0.0), (3.0, 0.5), (3.0, 1.5)], 0.8)])
def test_on_a_grid_nothing_jumps_when_the_clock_or_the_pad_does(mode, pads, most):
    moving, transport = texture(tracks()), clock(motion_beats=1.0)
    parts = []
    for n in range(6):
        transport.beat = 7.3 * n
        pad = pads[n % len(pads)]
        parts.append(travel(moving, pad, 1.7, transport, mode=mode) - np.float32(pad))
    assert np.abs(np.diff(np.concatenate(parts), axis=0)).max() < most  # a fade of 0.25 s, from track to track the more
