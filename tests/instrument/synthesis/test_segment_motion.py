"""Segments follow each other as the training tracks went on, and the playhead passes from one to the next."""

from dataclasses import replace

import numpy as np
import pytest

from aitunes.release.motion import MOTION, NOISE_BANDS, Motion
from aitunes.release.reader import read_release
from aitunes.release.writer import write_release
from instrument.namespace import ROOT
from instrument.synthesis.motion import MotionMode, MotionSettings
from instrument.synthesis.performance import Performance
from instrument.synthesis.release_renderer import ReleaseRenderer
from instrument.synthesis.segment_motion import Grain, SegmentMotion
from instrument.synthesis.segments import SegmentDecoder

FRAMES, STRIDE, RATE = 64, 16, 44_100 / 128
SECONDS = 12
COLUMNS = FRAMES // 2
HOME = np.zeros(4, np.float32)


def motion_of(tracks, level_db=0.0):
    """Join trajectories of codes, [frames, 4] each, one for every 16 frames, at a level."""
    lengths = np.array([len(z) * STRIDE for z in tracks])
    codes = np.stack([z.mean(axis=0) for z in tracks]).astype(np.float32)
    return Motion(
        level_rate=RATE,
        code_rate=RATE / STRIDE,
        codes=codes,
        pitch=np.zeros(len(tracks), np.float32),
        dynamic=np.full(len(tracks), -1.0, np.float32),
        group=np.arange(len(tracks), dtype=np.int32),
        marks=np.array([[0, 0, length, length, length] for length in lengths], np.int32),
        level=np.full(lengths.sum(), level_db, np.float32),
        cents=np.zeros(sum(map(len, tracks)), np.float32),
        offsets=np.concatenate([z - mean for z, mean in zip(tracks, codes, strict=True)]).astype(np.float32),
        noise=np.zeros((len(tracks), 2, NOISE_BANDS), np.float32),
        metric=np.eye(4, dtype=np.float32),
    )


def counting(start, end, column=2):
    """A track whose third coordinate says which code it is, over twelve seconds."""
    z = np.zeros((round(SECONDS * RATE / STRIDE), 4))
    z[:, 0], z[:, column] = start, np.linspace(0.0, end, len(z))
    return z


@pytest.fixture
def written(tiny, tmp_path):
    """Writes a release of segments whose level rises with its columns and its third coordinate, with a motion."""

    def write(motion, name="moving"):
        ramp = np.broadcast_to(0.3 + 0.2 * np.arange(FRAMES) / FRAMES, (32, FRAMES))
        weights = np.outer([0.05, 0.0, 0.02, 0.0], np.ones(32 * FRAMES))
        card = replace(tiny.card(name, latent_dim=4, frames=FRAMES))
        files = tiny.files(card, tiny.decoder(card, ramp, weights))
        return read_release(write_release(tmp_path, card, files | ({MOTION: motion.to_bytes()} if motion else {})))

    return write


@pytest.fixture
def motion(written):
    """The choice of grains alone, of two tracks that lie apart, for the release that has them."""
    of = motion_of([counting(-3.0, 5.0), counting(3.0, -5.0)])
    return SegmentMotion(of, written(of).card.latent)


def walk(motion, z, count, columns=COLUMNS, **settings):
    """The positions of so many grains."""
    found = []
    for _ in range(count):
        now, _ = motion.follow(np.array(z, np.float32), MotionSettings(**settings), columns)
        found.append(now)
        motion.step()
    return found


def test_the_material_goes_on_half_a_segment_at_a_time(motion):
    positions = [grain.position for grain in walk(motion, (-3.0, 0.0, 0.0, 0.0), 8)]
    assert np.allclose(np.diff(positions), COLUMNS / STRIDE)


@pytest.mark.parametrize(("speed", "columns"), [(2.0, COLUMNS), (0.5, COLUMNS), (0.0, COLUMNS)])
def test_motions_speed_is_how_far_the_material_goes_on(motion, speed, columns):
    positions = [grain.position for grain in walk(motion, (-3.0, 0.0, 0.0, 0.0), 6, columns, speed=speed)]
    assert np.allclose(np.diff(positions), speed * columns / STRIDE)


def test_backwards_the_passages_run_to_their_beginnings(motion):
    for columns, speed in ((-COLUMNS, 1.0), (COLUMNS, -1.0)):
        positions = [grain.position for grain in walk(motion, (-3.0, 0.0, 0.0, 0.0), 40, columns, speed=speed)]
        assert np.mean(np.diff(positions) == -COLUMNS / STRIDE) > 0.7


@pytest.mark.parametrize("mode", list(MotionMode))
def test_each_mode_ends_a_passage_in_its_way(motion, mode):
    grains = walk(motion, (-3.0, 0.0, 0.0, 0.0), 200, mode=mode)
    positions = np.array([grain.position for grain in grains])
    windows = {grain.window for grain in grains}
    turns = (np.diff(positions) < 0.0).sum()
    if mode is MotionMode.ONCE:
        assert len(set(positions[-20:])) == 1
        assert (len(windows), turns) == (1, 0)
    elif mode is MotionMode.LOOP:
        assert len(windows) == 1
        assert turns >= 2
    else:
        assert len(windows) > 1
    assert positions.max() < round(SECONDS * RATE / STRIDE)  # the near track alone


def test_the_same_seed_takes_the_same_way_and_another_another(written):
    of = motion_of([counting(-3.0, 5.0), counting(3.0, -5.0)])
    ways = [walk(SegmentMotion(of, written(of).card.latent), HOME, 300, dream=1.0, seed=seed) for seed in (1, 1, 2)]
    assert ways[0] == ways[1]
    assert ways[0] != ways[2]


def test_a_dream_goes_further_than_the_pads_surroundings(motion):
    length = round(SECONDS * RATE / STRIDE)
    grains = walk(motion, (-3.0, 0.0, 0.0, 0.0), 200, dream=1.0)
    assert {grain.position >= length for grain in grains} == {True, False}


def test_moving_the_pad_far_leads_to_the_material_that_lies_there(motion):
    walk(motion, (-3.0, 0.0, 0.0, 0.0), 3)
    (grain,) = walk(motion, (3.0, 0.0, 0.0, 0.0), 1)
    assert grain.position >= round(SECONDS * RATE / STRIDE)


def test_at_full_dream_the_code_is_the_materials_own(motion):
    settings = MotionSettings(dream=1.0)
    grain, _ = motion.follow(HOME, settings, COLUMNS)
    expected = counting(-3.0, 5.0) if grain.position < SECONDS * RATE / STRIDE else counting(3.0, -5.0)
    number = round(grain.position) % len(expected)
    assert np.allclose(motion.code(grain, HOME, settings), expected[number], atol=0.01)


def test_an_amount_of_nothing_leaves_the_pads_code(motion):
    z = np.array([-3.0, 1.0, 0.5, 2.0], np.float32)
    assert np.allclose(motion.code(Grain(0, 3.0), z, MotionSettings(amount=0.0)), z)


def play(release, seconds, *messages, amount=None):
    """Render a release, mid alone; messages are (seconds, path, values)."""
    renderer = ReleaseRenderer(release, 44_100, 8, background=False)
    performance = Performance.of(release.card, 8)
    if amount is not None:
        performance.apply(f"{ROOT}/motion", (amount,))
    waiting, blocks = sorted(messages), []
    performance.sound(renderer.hop_seconds)
    renderer.prepare(performance.advance(renderer.hop_seconds), performance)
    for n in range(round(seconds / renderer.hop_seconds)):
        while waiting and waiting[0][0] <= n * renderer.hop_seconds:
            _, path, values = waiting.pop(0)
            performance.apply(ROOT + path, values)
        performance.sound(renderer.hop_seconds)
        blocks.append(renderer.render(performance.advance(renderer.hop_seconds), performance)[:, 0])
    renderer.close()
    return np.concatenate(blocks)


def frame_levels(y):
    return 10.0 * np.log10((y[: len(y) // 128 * 128].reshape(-1, 128) ** 2).mean(axis=1) + 1e-12)


def test_a_release_without_motion_plays_as_it_did(written):
    of = motion_of([counting(-3.0, 5.0), counting(3.0, -5.0)])
    moves = [(0.4, "/pad/xy", (0.8, 0.3)), (0.8, "/position", (0.25,)), (1.2, "/speed", (-2.0,))]
    plain = play(written(None, "plain"), 2.0, *moves)
    assert np.array_equal(play(written(of), 2.0, *moves, amount=0.0), plain)
    assert not np.array_equal(play(written(of), 2.0, *moves), plain)


def test_a_render_is_the_same_twice(written):
    release = written(motion_of([counting(-3.0, 5.0), counting(3.0, -5.0)]))
    messages = [(0.5, "/pad/xy", (0.9, 0.5)), (1.0, "/dream", (1.0,))]
    assert np.array_equal(play(release, 3.0, *messages), play(release, 3.0, *messages))


def test_held_play_goes_through_the_material(written):
    """The third coordinate rises by 5 in twelve seconds and lifts the level: 0.02 · 70 dB for each of them."""
    still, moving = (
        play(written(motion_of([counting(0.0, end)] * 2)), 5.0, (0.0, "/motion/mode", ("once",))) for end in (0.0, 10.0)
    )
    rise = [frame_levels(y)[-300:].mean() - frame_levels(y)[200:500].mean() for y in (still, moving)]
    assert abs(rise[0]) < 1.0
    assert rise[1] > 2.0


def test_the_level_of_the_material_is_heard(written):
    levels = [
        frame_levels(play(written(motion_of([counting(0.0, 0.0)] * 2, level_db)), 2.0, amount=amount))[200:].mean()
        for level_db, amount in ((0.0, 1.0), (-12.0, 1.0), (-12.0, 0.5))
    ]
    assert levels[1] - levels[0] == pytest.approx(-12.0, abs=0.2)
    assert levels[2] - levels[0] == pytest.approx(-6.0, abs=0.2)


def roughness(y):
    """Largest fourth difference of each 93 ms, relative to their root mean square; the roughest first."""
    parts = y[: len(y) // 4096 * 4096].reshape(-1, 4096)
    return np.sort(np.abs(np.diff(parts, 4, axis=1)).max(axis=1) / np.sqrt((parts**2).mean(axis=1)))[::-1]


def rough(y):
    return roughness(y)[0]


def test_segments_follow_each_other_without_a_click_or_a_jump(written):
    release = written(motion_of([counting(-1.0, 5.0), counting(1.0, -5.0)]))
    still = play(release, 3.0, (0.0, "/speed", (0.0,)), amount=0.0)[22_050:]
    moving = play(release, 6.0)[22_050:]
    assert rough(moving) <= 1.5 * rough(still)
    jumps = [
        np.abs(np.diff(10 * np.log10(np.convolve(10 ** (0.1 * frame_levels(y)), np.ones(4) / 4, "valid")[::4]))).max()
        for y in (still, moving)
    ]
    assert jumps[1] <= max(3.0, 1.5 * jumps[0])


def test_jumps_of_the_pad_are_no_rougher_than_they_are_without_motion(written):
    release = written(motion_of([counting(-1.0, 5.0), counting(1.0, -5.0)]))
    # One jump more or less rough is chance: it falls where the phases are.
    jumps = [(0.9 + 0.53 * n, "/pad/xy", (0.2 + 0.6 * (n % 2), 0.5)) for n in range(8)]
    moving, still = (roughness(play(release, 5.0, *jumps, amount=amount)[22_050:]) for amount in (1.0, 0.0))
    assert moving[: len(jumps)].mean() <= 1.5 * still[: len(jumps)].mean()


def test_position_and_speed_stay(written, perform):
    of = motion_of([counting(-3.0, 5.0), counting(3.0, -5.0)])
    release = written(of)
    source = SegmentDecoder(release, background=False, motion=of)
    performance = perform(release)
    source.prepare(HOME, performance)
    positions = []
    for _ in range(4 * FRAMES):
        source.frames(HOME, performance)
        positions.append(performance.position * FRAMES)
    assert min(positions[FRAMES:]) >= FRAMES // 4
    assert max(positions[FRAMES:]) <= FRAMES - FRAMES // 4
    performance.position = 0.1
    performance.frozen = True
    for _ in range(20):
        source.frames(HOME, performance)
    assert performance.position == pytest.approx(0.1)
    performance.frozen, performance.speed = False, 0.0
    for _ in range(20):
        source.frames(HOME, performance)
    assert performance.position == pytest.approx(0.1)


def test_the_next_segment_is_decoded_before_it_is_due_and_none_within_the_hop(written, perform):
    of = motion_of([counting(-3.0, 5.0), counting(3.0, -5.0)])
    release = written(of)
    asked = []

    class Counting:
        def run(self, outputs, inputs, options=None):
            asked.append(len(inputs["z"]))
            return release.decoder.run(outputs, inputs)

    source = SegmentDecoder(replace(release, decoder=Counting()), background=False, motion=of)
    performance = perform(release)
    source.prepare(HOME, performance)
    for _ in range(10 * COLUMNS):
        source.frames(HOME, performance)
    assert len(asked) <= 12  # one for each grain
    assert set(asked) == {2}


HOP_SECONDS = 1.0 / RATE


@pytest.fixture
def on_grid(written, perform):
    """A decoder of segments' performance, and what plays so many hops and returns beat and position of each."""
    of = motion_of([counting(-3.0, 5.0), counting(3.0, -5.0)])
    release = written(of)

    def make(grid, tempo, speed=1.0, position=0.5):
        source, performance = SegmentDecoder(release, background=False, motion=of), perform(release)
        performance.transport.tempo, performance.transport.motion_beats = tempo, grid
        performance.speed, performance.position = speed, position
        source.prepare(HOME, performance)

        def run(hops):
            heard = []
            for _ in range(hops):
                performance.transport.advance(HOP_SECONDS)
                source.frames(HOME, performance)
                heard.append((performance.transport.beat, performance.position * FRAMES))
            return np.array(heard)

        return performance, run

    return make


def starts(heard, speed=1.0):
    """The beats at which the playhead went back to a grain's beginning."""
    steps = np.diff(heard[:, 1]) * np.sign(speed)
    return heard[1:][steps < -COLUMNS / 4, 0]


LATE_HOPS = 2.1
"""The hop after the line, and the one that tells the position."""


def off_line(beats, grid):
    """Return how far beats lie from the nearest of their lines."""
    return np.abs(beats - np.round(beats / grid) * grid)


@pytest.mark.parametrize("tempo", [60.0, 120.0, 173.0])
@pytest.mark.parametrize("grid", [0.25, 1.0, 4.0])
@pytest.mark.parametrize("speed", [1.0, 0.7, -1.0])
def test_on_a_grid_a_grain_begins_on_every_line(on_grid, tempo, grid, speed):
    _, run = on_grid(grid, tempo, speed)
    heard = run(3000)
    beats = starts(heard, speed)
    hop = HOP_SECONDS * tempo / 60.0
    grain = COLUMNS / abs(speed) / RATE * tempo / 60.0
    lengths = np.diff(beats[1:])
    assert np.ptp(lengths) < 2.5 * hop
    assert 0.6 * grain < lengths.mean() < 1.6 * grain
    # A grain takes whole steps of the grid, or a whole number of grains fills one.
    unit = grid / max(1, round(grid / lengths.mean()))
    assert np.all(off_line(beats[1:], unit) < LATE_HOPS * hop)
    assert len(lengths) > 20


def test_on_a_grid_the_playhead_stands_while_the_clock_does(on_grid):
    performance, run = on_grid(1.0, 120.0)
    run(300)
    performance.transport.running = False
    assert np.ptp(run(100)[:, 1]) == 0.0
    performance.transport.running = True
    assert np.ptp(run(100)[:, 1]) > COLUMNS / 2


def test_a_clock_that_leaps_takes_the_grain_to_its_line(on_grid):
    performance, run = on_grid(1.0, 120.0)
    run(300)
    for beat in (17.3, 2.1):
        performance.transport.beat = beat
        beats = starts(run(600))[1:]
        lines = np.arange(np.ceil(beats[0]), beats[-1])
        assert np.abs(beats[:, None] - lines).min(axis=0).max() < LATE_HOPS * HOP_SECONDS * 2.0


def test_without_a_grid_the_clock_changes_nothing(on_grid):
    still, runs = on_grid(0.0, 120.0), on_grid(0.0, 60.0)
    still[0].transport.running = False
    assert np.array_equal(still[1](400)[:, 1], runs[1](400)[:, 1])


def test_segments_on_a_grid_follow_each_other_without_a_click(written):
    of = motion_of([counting(-3.0, 5.0), counting(3.0, -5.0)])
    messages = [(0.0, "/motion/quantise", (1.0,)), (1.1, "/beat", (7.3,)), (1.7, "/tempo", (90.0,))]
    plain, locked = play(written(of), 3.0), play(written(of), 3.0, *messages)
    assert rough(locked) <= 1.5 * rough(plain) + 1e-6
