"""Notes that move as recorded ones did, and releases that go on by themselves; measured on the samples."""

import shutil
from dataclasses import replace

import numpy as np
import pytest

from aitunes.motion.choice import Contour, NoteMotions
from aitunes.release.motion import MOTION, NOISE_BANDS, Motion, code_frames
from aitunes.release.reader import read_card, read_release
from aitunes.release.writer import write_release
from instrument.namespace import ROOT, MessageError
from instrument.synthesis.motion import MotionMode, MotionSettings, NotePlayer
from instrument.synthesis.release_renderer import ReleaseRenderer
from instrument.synthesis.synth import Synth

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


def test_a_drone_moves_as_the_sound_does_to_which_the_pad_has_gone(moving, perform):
    release = moving(pluck_and_bow())
    synth = synth_of(release, perform, (-2.0, 0.0))
    act(synth, "/drone", True)
    play(synth, 0.5)
    trembles = [level_db(play(synth, 1.0)).std()]
    act(synth, "/latent", *release.card.latent.coordinates(np.array([2.0, 0.0])).tolist())
    play(synth, 0.5)
    trembles.append(level_db(play(synth, 1.0)).std())
    assert trembles[1] > max(0.4, 2.0 * trembles[0])  # the bow's tremble is 0.7 dB


def test_a_held_note_falls_faster_and_longer_notes_swell_as_they_are_asked_to(rng):
    level = np.concatenate([np.linspace(-40.0, 0.0, 20), np.zeros(380)])
    motion = join([level] * 3, [[20, 30, 380, 400, 400]] * 3, np.zeros((3, 2)))
    motions = NoteMotions(motion)

    def levels(contour):
        player = NotePlayer(motions, motions.choose(motion.codes[0], 60.0, 0.5, contour), rng)
        return np.array([player.advance(0.01, True, MotionSettings()).level_db for _ in range(200)])

    typical, falls, slow = levels(Contour()), levels(Contour(1.0, 20.0)), levels(Contour(6.0, 0.0))
    assert falls[-1] - typical[-1] == pytest.approx(-20.0 * 1.9, abs=2.0)
    assert np.argmax(slow > -1.0) > 3 * np.argmax(typical > -1.0)


def test_a_decay_is_played_at_the_pace_that_is_asked_for_and_never_rises(rng):
    # Steep at first, slower later: what it lacks, added in decibels, would be heard as a swell.
    level = np.concatenate([np.linspace(-40.0, 0.0, 20), np.linspace(0.0, -30.0, 180), np.linspace(-30.0, -36.0, 400)])
    motion = join([level] * 3, [[20, 30, 590, 600, 600]] * 3, np.zeros((3, 2)))
    motions, levels = NoteMotions(motion), {}
    for decay in (0.0, 30.0, -20.0):
        player = NotePlayer(motions, motions.choose(motion.codes[0], 60.0, 0.5, Contour(1.0, decay)), rng)
        settings = MotionSettings(mode=MotionMode.ONCE)
        levels[decay] = np.array([player.advance(0.01, True, settings).level_db for _ in range(200)])
    second = 120  # a second after the attack
    assert levels[30.0][40] < levels[0.0][40] - 4.0
    assert levels[-20.0][second] > levels[0.0][second] + 10.0
    assert np.diff(levels[-20.0][15:]).max() < 0.01


def test_settings_are_kept_by_snapshots_and_an_unknown_mode_is_refused(open_release, perform):
    performance = perform(open_release("notes"))
    for path, value in (("", 0.5), ("/speed", -2.0), ("/mode", "loop"), ("/seed", 9), ("/quantise", 4.0)):
        performance.apply(f"{ROOT}/motion{path}", (value,))
    performance.apply(f"{ROOT}/motion/attack", (3.0,))
    performance.apply(f"{ROOT}/motion/decay", (12.0,))
    performance.apply(f"{ROOT}/dream", (0.25,))
    kept = performance.snapshot()
    performance.apply(f"{ROOT}/motion", (2.0,))
    performance.apply(f"{ROOT}/motion/quantise", (0.0,))
    performance.apply(f"{ROOT}/motion/decay", (0.0,))
    performance.recall(kept, 0.0)
    assert performance.value(f"{ROOT}/motion/quantise") == (4.0,)
    assert performance.motion == MotionSettings(0.5, -2.0, MotionMode.LOOP, 9, 0.25, 3.0, 12.0)
    with pytest.raises(MessageError, match="loop, wander, once"):
        performance.apply(f"{ROOT}/motion/mode", ("sideways",))


@pytest.mark.parametrize("code_rate", [0.01, 1.0, 3.0, 50.0, 200.0])
@pytest.mark.parametrize("mode", list(MotionMode))
@pytest.mark.parametrize("speed", [-4.0, 0.3, 4.0])
def test_tracks_of_hardly_any_code_frames_move_within_what_there_is(rng, code_rate, mode, speed):
    motion = join([np.linspace(0.0, -20.0, 20)] * 3, [[2, 5, 10, 12, 20]] * 3, rng.standard_normal((3, 2)))
    frames = int(code_frames(motion.marks[:, -1], LEVEL_RATE, code_rate).sum())
    motion = replace(motion, code_rate=code_rate, cents=np.zeros(frames), offsets=rng.standard_normal((frames, 2)))
    motions, settings = NoteMotions(motion), MotionSettings(amount=2.0, speed=speed, mode=mode)
    player = NotePlayer(motions, motions.choose(motion.codes[0], 60.0, 0.5), rng)
    for hop in range(400):
        offset, level_db, cents = player.advance(0.003, hop < 300, settings)
        assert np.isfinite([*offset, level_db, cents]).all()
