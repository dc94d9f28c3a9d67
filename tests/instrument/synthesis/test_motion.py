"""Notes that move as recorded ones did, and releases that go on by themselves; measured on the samples."""

import shutil

import numpy as np
import pytest

from aitunes.motion.choice import NoteMotions
from aitunes.release.motion import MOTION, NOISE_BANDS, Motion, code_frames
from aitunes.release.reader import read_card, read_release
from aitunes.release.writer import write_release
from instrument.namespace import ROOT, MessageError
from instrument.synthesis.motion import MotionMode, MotionSettings
from instrument.synthesis.release_renderer import ReleaseRenderer
from instrument.synthesis.synth import Synth
from instrument.synthesis.texture_motion import TextureMotion
from instrument.synthesis.transport import Transport

pytestmark = pytest.mark.training

RATE = 44_100.0
LEVEL_RATE = 200.0
PLUCK_DB, SWELL_SECONDS = -20.0, 0.4


def join(levels, marks, codes, cents=None, pitch=60.0, dynamic=None, noise=0.0):
    """A motion of trajectories by their levels; nothing else moves but what is given."""
    lengths = np.array([len(level) for level in levels])
    frames = code_frames(lengths, LEVEL_RATE, LEVEL_RATE / 4)
    items, dim = len(levels), len(codes[0])
    return Motion(
        level_rate=LEVEL_RATE,
        code_rate=LEVEL_RATE / 4,
        codes=np.array(codes, np.float32),
        pitch=np.full(items, pitch, np.float32),
        dynamic=np.full(items, -1.0, np.float32) if dynamic is None else np.array(dynamic, np.float32),
        group=np.arange(items, dtype=np.int32) if dynamic is None else np.zeros(items, np.int32),
        marks=np.array(marks, np.int32),
        level=np.concatenate(levels).astype(np.float32),
        cents=np.zeros(frames.sum(), np.float32) if cents is None else np.asarray(cents, np.float32),
        offsets=np.zeros((frames.sum(), dim), np.float32),
        noise=np.full((items, 2, NOISE_BANDS), noise, np.float32),
        metric=np.eye(dim, dtype=np.float32),
    )


def pluck_and_bow():
    """A pluck at z = (−2, 0), 20 dB a second down; a bow at (2, 0) that swells, trembles and dies within 0.2 s."""
    pluck = np.concatenate([[-30.0], PLUCK_DB * np.arange(399) / LEVEL_RATE])
    swell = np.linspace(-30.0, 0.0, int(SWELL_SECONDS * LEVEL_RATE))
    tremble = np.sin(2 * np.pi * 6.0 * np.arange(240) / LEVEL_RATE)
    bow = np.concatenate([swell, tremble, np.linspace(0.0, -50.0, 40)])
    marks = [[1, 200, 400, 400, 400], [80, 90, 320, 320, 360]]
    return join([pluck, bow], marks, [[-2.0, 0.0], [2.0, 0.0]])


@pytest.fixture
def moving(releases, tmp_path):
    """`moving(motion)`: the release `notes` with that motion."""

    def with_motion(motion):
        shutil.rmtree(tmp_path / "notes", ignore_errors=True)
        card = read_card(releases / "notes")
        files = {name: (releases / "notes" / name).read_bytes() for name in card.files}
        return read_release(write_release(tmp_path, card, {**files, MOTION: motion.to_bytes()}))

    return with_motion


def synth_of(release, perform, z=None, **settings):
    synth = Synth(ReleaseRenderer(release, RATE, 8, background=False), perform(release), RATE)
    act(synth, "/drone", False)
    act(synth, "/envelope", 0.0, 2.0)
    if z is not None:
        act(synth, "/latent", *release.card.latent.coordinates(np.array(z)).tolist())
    for name, value in settings.items():
        act(synth, "/motion" if name == "amount" else f"/motion/{name}", value)
    return synth


def act(synth, path, *values):
    synth.performance.apply(ROOT + path, values)


def play(synth, seconds):
    return np.concatenate([synth.render().mean(axis=1) for _ in range(round(seconds / synth.hop_seconds))])


def level_db(y):
    """Root mean square of every 10 ms, dB."""
    blocks = y[: len(y) // 441 * 441].reshape(-1, 441)
    return 20.0 * np.log10(np.sqrt(np.mean(blocks**2, axis=1)) + 1e-9)


def slope_db(y):
    level = level_db(y)
    return np.polyfit(np.arange(len(level)) / 100.0, level, 1)[0]


def test_without_motion_a_release_sounds_as_before(moving, open_release, perform):
    sounds = []
    for release, settings in ((open_release("notes"), {}), (moving(pluck_and_bow()), {"amount": 0.0})):
        synth = synth_of(release, perform, **settings)
        act(synth, "/note", 60, 100)
        sounds.append(play(synth, 0.5))
    assert np.abs(sounds[0]).max() > 0.01
    assert np.array_equal(*sounds)


@pytest.mark.parametrize("amount", [0.5, 1.0, 2.0])
def test_a_pluck_decays_as_far_as_the_amount_says(moving, perform, amount):
    synth = synth_of(moving(pluck_and_bow()), perform, (-2.0, 0.0), amount=amount)
    act(synth, "/note", 60, 127)
    play(synth, 0.1)
    assert slope_db(play(synth, 1.0)) == pytest.approx(amount * PLUCK_DB, abs=1.5)


def test_a_pluck_goes_on_falling_where_its_recording_ends(moving, perform):
    synth = synth_of(moving(pluck_and_bow()), perform, (-2.0, 0.0))
    act(synth, "/note", 60, 127)
    play(synth, 2.0)
    assert slope_db(play(synth, 1.0)) == pytest.approx(PLUCK_DB, abs=3.0)


def test_speed_stretches_a_decay(moving, perform):
    synth = synth_of(moving(pluck_and_bow()), perform, (-2.0, 0.0), speed=0.5)
    act(synth, "/note", 60, 127)
    play(synth, 0.1)
    assert slope_db(play(synth, 1.0)) == pytest.approx(0.5 * PLUCK_DB, abs=1.5)


def test_a_bow_swells_then_trembles_for_as_long_as_it_is_held(moving, perform):
    synth = synth_of(moving(pluck_and_bow()), perform, (2.0, 0.0))
    act(synth, "/note", 60, 127)
    rise = level_db(play(synth, SWELL_SECONDS))
    assert rise[10] < rise[-1] - 15.0
    held = level_db(play(synth, 4.0))
    assert np.abs(held - held.mean()).max() < 3.0
    assert held.std() > 0.3


@pytest.mark.parametrize("mode", list(MotionMode))
def test_only_once_ends_while_the_key_is_down(moving, perform, mode):
    synth = synth_of(moving(pluck_and_bow()), perform, (2.0, 0.0), mode=mode.value)
    act(synth, "/note", 60, 127)
    loud = level_db(play(synth, 1.0)).max()
    play(synth, 1.5)
    assert (level_db(play(synth, 0.3)).max() < loud - 40.0) == (mode is MotionMode.ONCE)


def test_a_key_that_is_let_go_plays_the_recorded_release(moving, perform):
    synth = synth_of(moving(pluck_and_bow()), perform, (2.0, 0.0))
    act(synth, "/envelope", 0.0, 20.0)  # so that it takes away next to nothing
    act(synth, "/note", 60, 127)
    loud = level_db(play(synth, 1.0))[-20:].mean()
    act(synth, "/note", 60, 0)
    y = level_db(play(synth, 0.4))
    assert y[:3].mean() > loud - 6.0
    assert y[-5:].max() < loud - 40.0


def test_the_same_seed_gives_the_same_sound_and_another_one_does_not(moving, perform):
    release = moving(pluck_and_bow())
    sounds = []
    for seed in (5, 5, 6):
        synth = synth_of(release, perform, (2.0, 0.0), seed=seed)
        act(synth, "/note", 60, 127)
        sounds.append(play(synth, 3.0))
    assert np.array_equal(sounds[0], sounds[1])
    assert not np.array_equal(sounds[0], sounds[2])


def test_velocity_chooses_the_dynamic(moving):
    level = np.concatenate([np.linspace(-30.0, 0.0, 20), np.zeros(180)])
    marks = [[20, 30, 190, 200, 200]] * 2
    motions = NoteMotions(join([level, level], marks, [[0.0, 0.0]] * 2, dynamic=(0.3, 1.0)))
    assert [motions.choose(np.zeros(2, np.float32), 60.0, velocity).index for velocity in (0.25, 0.95)] == [0, 1]


def test_noise_makes_a_held_note_fluctuate(moving, perform):
    level = np.concatenate([np.linspace(-30.0, 0.0, 4), np.zeros(196)])
    spread = []
    for noise in (0.0, 0.5):
        synth = synth_of(moving(join([level], [[4, 10, 190, 200, 200]], [[0.0, 0.0]], noise=noise)), perform)
        act(synth, "/note", 60, 127)
        play(synth, 0.3)
        y = play(synth, 1.0)
        frames = np.abs(np.fft.rfft(np.lib.stride_tricks.sliding_window_view(y, 1024)[::512] * np.hanning(1024)))
        loud = frames.mean(axis=0) > 0.05 * frames.mean(axis=0).max()
        spread.append(np.std(20 * np.log10(frames[:, loud] + 1e-9), axis=0).mean())
    assert spread[1] > spread[0] + 1.0


def test_moving_the_pad_while_it_sounds_does_not_click(moving, perform):
    synth = synth_of(moving(pluck_and_bow()), perform, (2.0, 0.0))
    act(synth, "/note", 60, 127)
    still = np.diff(play(synth, 1.0)[20_000:], 4)
    moved = []
    for n in range(100):
        act(synth, "/pad/xy", 0.5 + 0.4 * np.sin(0.2 * n), 0.5)
        moved.append(synth.render().mean(axis=1))
    assert np.abs(np.diff(np.concatenate(moved), 4)).max() < 1.5 * np.abs(still).max() * 10 ** (10 / 20)


def test_level_does_not_jump_while_pad_and_movement_wander(moving, perform):
    synth = synth_of(moving(pluck_and_bow()), perform, (2.0, 0.0))
    act(synth, "/note", 60, 127)
    play(synth, SWELL_SECONDS + 0.1)
    moved = []
    for n in range(round(1.5 / synth.hop_seconds)):
        act(synth, "/pad/xy", 0.5 + 0.4 * np.sin(0.05 * n), 0.5)
        moved.append(synth.render().mean(axis=1))
    assert np.abs(np.diff(level_db(np.concatenate(moved)))).max() < 3.0


def test_settings_are_kept_by_snapshots_and_an_unknown_mode_is_refused(open_release, perform):
    performance = perform(open_release("notes"))
    for path, value in (("", 0.5), ("/speed", -2.0), ("/mode", "loop"), ("/seed", 9), ("/quantise", 4.0)):
        performance.apply(f"{ROOT}/motion{path}", (value,))
    performance.apply(f"{ROOT}/dream", (0.25,))
    kept = performance.snapshot()
    performance.apply(f"{ROOT}/motion", (2.0,))
    performance.apply(f"{ROOT}/motion/quantise", (0.0,))
    performance.recall(kept, 0.0)
    assert performance.value(f"{ROOT}/motion/quantise") == (4.0,)
    assert performance.motion == MotionSettings(0.5, -2.0, MotionMode.LOOP, 9, 0.25)
    with pytest.raises(MessageError, match="loop, wander, once"):
        performance.apply(f"{ROOT}/motion/mode", ("sideways",))


def tracks(frames=500):
    """Two tracks of 10 s: one circles around (−3, 0), one rises along the second axis at 3."""
    t = np.arange(frames) / 50.0
    circle = np.stack([-3.0 + 0.3 * np.cos(2 * np.pi * t), 0.3 * np.sin(2 * np.pi * t)], axis=1)
    line = np.stack([np.full(frames, 3.0), 0.2 * t], axis=1)
    motion_of_tracks = pytest.importorskip("training.export.motion").motion_of_tracks
    return motion_of_tracks([circle.astype(np.float32), line.astype(np.float32)], 50.0)


def travel(texture, z, seconds, transport=None, **settings):
    values, transport, path = MotionSettings(**settings), transport or Transport(), []
    for _ in range(int(seconds / 0.02)):
        transport.advance(0.02)
        path.append(texture.advance(np.array(z, np.float32), 0.02, values, transport)[0])
    return np.array(path)


@pytest.mark.parametrize("mode", list(MotionMode))
def test_a_texture_circles_where_its_material_does(mode):
    path = travel(TextureMotion(tracks()), (-3.0, 0.0), 8.0, mode=mode)
    assert np.abs(path - [-3.0, 0.0]).max() < 0.6
    moves = path[-50:].std(axis=0).max()
    assert (moves < 0.01) if mode is MotionMode.ONCE else (moves > 0.1)


def test_a_texture_stands_still_at_amount_0_and_moves_twice_as_far_at_2():
    still, once, twice = (travel(TextureMotion(tracks()), (-3.0, 0.0), 1.5, amount=n) for n in (0.0, 1.0, 2.0))
    assert np.array_equal(still, np.broadcast_to(np.float32([-3.0, 0.0]), still.shape))
    assert np.allclose(twice - [-3.0, 0.0], 2.0 * (once - [-3.0, 0.0]), atol=1e-4)


def test_a_texture_never_jumps():
    path = travel(TextureMotion(tracks()), (-3.0, 0.0), 20.0, dream=0.5)
    assert np.abs(np.diff(path, axis=0)).max() < 0.8  # a fade of 0.25 s from one track to the other


def test_a_dream_goes_on_beyond_the_end_of_a_track():
    path = travel(TextureMotion(tracks(510)), (3.0, 1.9), 60.0, dream=1.0)  # no passage ends where a track does
    rests = [path[first : first + 100].std(axis=0).max() for first in range(0, len(path) - 100, 100)]
    assert min(rests) > 0.01
    assert np.abs(np.diff(path, axis=0)).max() < 0.8


def test_a_dream_leaves_the_pad_and_without_one_nobody_does():
    pad = (2.0, 1.0)
    near, away = (travel(TextureMotion(tracks()), pad, 20.0, dream=dream) for dream in (0.0, 1.0))
    assert np.abs(near - pad).max() < 0.6
    assert np.abs(away - pad).max() > 1.0


def clock(tempo=120.0, motion_beats=4.0):
    transport = Transport()
    transport.tempo, transport.motion_beats = tempo, motion_beats
    return transport


@pytest.mark.parametrize(("tempo", "speed"), [(120.0, 1.0), (100.0, 1.0), (144.0, -1.0), (120.0, 2.0)])
def test_on_a_grid_a_passage_takes_whole_steps_of_it_at_any_tempo(tempo, speed):
    seconds = 16 * 60.0 / tempo
    path = travel(TextureMotion(tracks()), (-3.0, 0.0), seconds, clock(tempo), mode=MotionMode.LOOP, speed=speed)
    step = round(4 * 60.0 / tempo / 0.02)
    second, third = path[step + 20 : 2 * step], path[2 * step + 20 : 3 * step]  # after the fade
    assert np.abs(second - third).max() < 0.05
    assert second.std(axis=0).max() > 0.1


def test_on_a_grid_the_place_follows_from_the_beat():
    whole, moved = TextureMotion(tracks()), TextureMotion(tracks())
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
    texture, transport = TextureMotion(tracks()), clock(motion_beats=1.0)
    parts = []
    for n in range(6):
        transport.beat = 7.3 * n
        pad = pads[n % len(pads)]
        parts.append(travel(texture, pad, 1.7, transport, mode=mode) - np.float32(pad))
    assert np.abs(np.diff(np.concatenate(parts), axis=0)).max() < most  # a fade of 0.25 s, from track to track the more
