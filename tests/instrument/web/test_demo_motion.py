"""Tests how notes of the demo page move, in Node, against the engine's own movements, and its stereo image."""

import numpy as np
import pytest

from aitunes.audio_processing.fluctuation import baseband_noise, fluctuate, near_harmonics, noise_bands
from aitunes.motion.choice import Choice, NoteMotions
from aitunes.pitch import midi_to_hz
from aitunes.release.motion import NOISE_BANDS, read_motion
from benchmarks.demo_site import PageInNode
from instrument.storage.library import DEFAULT_RELEASE, Library
from instrument.synthesis.motion import MotionSettings, NotePlayer
from instrument.synthesis.performance import Performance
from instrument.synthesis.release_renderer import ReleaseRenderer
from instrument.synthesis.synth import Synth
from instrument.web.demo.site import build_site

pytestmark = pytest.mark.node
MOVING = "chamber"


@pytest.fixture(scope="module")
def release():
    return Library().open(MOVING)


@pytest.fixture(scope="module")
def motions(release):
    return NoteMotions(read_motion(release.folder, release.card))


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "site"
    build_site(Library(), MOVING, folder)
    return folder


@pytest.fixture
def page(need, site, tmp_path):
    return PageInNode(need("node", "nodejs"), site, tmp_path)


class Dice:
    """Draws what the page draws."""

    def __init__(self, seed):
        self._state = seed

    def uniform(self, low, high):
        self._state = (self._state * 1103515245 + 12345) & 0x7FFFFFFF
        return low + (high - low) * self._state / 2**31

    def integers(self, count):
        return int(self.uniform(0.0, 1.0) * count)


def test_the_page_chooses_the_recording_that_the_engine_chooses(page, motions, rng):
    codes = motions.motion.codes[rng.integers(len(motions.motion), size=300)]
    codes = (codes + 0.2 * rng.normal(size=codes.shape)).astype(np.float32)
    pitches, velocities = rng.uniform(40.0, 96.0, 300), rng.uniform(0.05, 1.0, 300)
    asked = list(zip(codes, pitches, velocities, strict=True))
    chosen = page.ask(choices=[[z.tolist(), pitch, velocity] for z, pitch, velocity in asked])["chosen"]
    engine = [motions.choose(*each) for each in asked]
    same = [ours["index"] == theirs.index for ours, theirs in zip(chosen, engine, strict=True)]
    assert np.mean(same) >= 0.99  # a tie may fall to the other side by rounding
    for ours, theirs in zip(chosen, engine, strict=True):
        if ours["index"] == theirs.index:
            assert ours["stretch"] == pytest.approx(theirs.stretch, rel=1e-4)
            assert ours["correction"] == pytest.approx(theirs.correction_db, abs=1e-3)
    assert len({choice.index for choice in engine}) > 50


@pytest.mark.parametrize("speed", [1.0, -0.5])
@pytest.mark.parametrize("drone", [False, True])
def test_level_pitch_and_timbre_move_as_in_the_engine_through_loops_and_release(page, release, motions, speed, drone):
    hops, held, seconds = 900, 700, release.card.features.hop_length / release.card.features.sample_rate
    indices = [0, 100, 200, 300, 400, 500]
    wishes = [
        {
            "choice": {"index": index, "stretch": 1.3, "correction": -2.0 if motions.decays(index) else 0.0},
            "drone": drone,
            "seed": 77 + index,
            "held": held,
            "hops": hops,
            "speed": speed,
        }
        for index in indices
    ]
    page.ask(trajectories=wishes)
    for number, wish in enumerate(wishes):
        ours = page.read(f"trajectory-{number}.f32").reshape(hops, -1)
        choice = Choice(*wish["choice"].values())
        player = NotePlayer(motions, choice, Dice(wish["seed"]), drone=drone)
        settings = MotionSettings(speed=speed)
        theirs = [player.advance(seconds, n < held, settings) for n in range(hops)]
        np.testing.assert_allclose(ours[:, -2], [each.level_db for each in theirs], atol=0.01)
        np.testing.assert_allclose(ours[:, -1], [each.cents for each in theirs], atol=0.05)
        np.testing.assert_allclose(ours[:, :-2], [each.offset for each in theirs], atol=1e-3)


def test_noise_moves_a_frame_as_much_as_in_the_engine(page, release, rng, tmp_path):
    features, pitch = release.card.features, 57.3
    S = rng.uniform(0.5, 2.0, features.bins).astype(np.float32)
    share = np.stack([np.linspace(0.0, 0.4, NOISE_BANDS), np.linspace(0.3, 1.0, NOISE_BANDS)]).astype(np.float32)
    S.tofile(tmp_path / "frame.f32")
    share.tofile(tmp_path / "share.f32")
    page.ask(noise={"frame": "frame.f32", "share": "share.f32", "pitch": pitch})
    ours = page.read("noise.f32").reshape(-1, features.bins)
    np.testing.assert_allclose((ours**2).sum(axis=1), (S**2).sum(), rtol=1e-4)
    noise, band = baseband_noise(features, len(ours), rng), noise_bands(features, NOISE_BANDS)
    theirs, spacing = np.empty_like(ours), float(midi_to_hz(pitch)) * features.n_fft / features.sample_rate
    for n, out in enumerate(theirs):
        fluctuate(S, share, noise[n], band, spacing, 1.0, out)
    theirs *= np.linalg.norm(S) / np.linalg.norm(theirs, axis=1, keepdims=True)
    spreads = [np.log(each[:, 8:-8]).std(axis=0).reshape(-1, 1) for each in (ours, theirs)]
    for low in range(0, len(spreads[0]) - 100, 100):
        a, b = (each[low : low + 100].mean() for each in spreads)
        assert a == pytest.approx(b, rel=0.15), low
    logs = [np.log(each / S) for each in (ours, theirs)]
    steps = [np.abs(np.diff(each[:, 8:-8], axis=0)).mean() for each in logs]
    assert steps[0] == pytest.approx(steps[1], rel=0.1)
    near = near_harmonics(features, pitch)
    lobe = np.flatnonzero(near[8:-9] & near[9:-8]) + 8
    assert max(np.abs(each[:, lobe + 1] - each[:, lobe]).mean() for each in logs) < 1e-3  # a partial moves as one


def test_a_struck_note_rises_falls_and_is_let_go_as_the_engine_plays_it(page, release, motions):
    """Compare notes of both by their level, in spans of 30 ms."""
    features = release.card.features
    frame_rate, span = features.frame_rate, round(0.03 * features.sample_rate)
    held, hops = round(1.2 * frame_rate), round(2.0 * frame_rate)
    ranges = np.asarray(release.card.latent.pad_range)
    for x, y, note in ((0.2, 0.3, 60), (0.7, 0.8, 67)):
        place = np.zeros(release.card.latent_dim)
        place[:2] = ranges[:2, 0] + np.array([x, y]) * (ranges[:2, 1] - ranges[:2, 0])
        begin = 40
        commands = [[0, "move", place.tolist()], [begin, "note", note, 110, 1], [begin + held, "note", note, 0, 1]]
        page.ask(commands=commands, hops=begin + hops)
        ours = page.played()[begin * features.hop_length :]
        theirs = played_by_engine(release, place, note, held, hops)
        levels = [span_levels(each.mean(axis=1), span) for each in (ours, theirs)]
        loud = levels[1] > levels[1].max() - 40.0
        assert np.median(np.abs(levels[0] - levels[1])[loud]) < 1.0
        assert np.abs(levels[0] - levels[1])[loud].max() < 6.0
        assert np.ptp(levels[1][loud]) > 6.0


def span_levels(y, span):
    spans = y[: len(y) // span * span].reshape(-1, span)
    return 10.0 * np.log10((spans**2).mean(axis=1) + 1e-12)


def played_by_engine(release, place, note, held, hops):
    """Return what the engine plays offline of one note from its beginning on, left and right."""
    rate = release.card.features.sample_rate
    performance = Performance.of(release.card, 8)
    performance.apply("/aitunes/drone", (0,))
    performance.apply("/aitunes/latent", tuple(float(value) for value in place))
    synth = Synth(ReleaseRenderer(release, rate, 8, background=False), performance, rate)
    for _ in range(40):
        synth.render()
    performance.apply("/aitunes/note", (note, 110))
    sound = [synth.render() for _ in range(held)]
    performance.apply("/aitunes/note", (note, 0))
    sound += [synth.render() for _ in range(hops - held)]
    synth.close()
    return np.concatenate(sound)


def test_motion_is_what_makes_the_level_move_and_it_can_be_stilled(page, release):
    second = round(release.card.features.frame_rate)
    note = [[0, "note", 64, 110, 1]]

    def levels(*commands):
        page.ask(commands=[*commands, *note], hops=2 * second)
        y = page.played().mean(axis=1)
        return span_levels(y, round(0.03 * release.card.features.sample_rate))[10:]

    moving, still = levels(), levels([0, "motion", 0.0])
    assert np.std(still) < 0.8
    assert np.std(moving) > 2.0 * np.std(still)


def test_left_and_right_differ_by_the_width_and_their_mean_does_not(page):
    commands = [[0, "note", 60, 90, 1], [0, "note", 67, 90, 2]]
    sounds = {}
    for width in (0.0, 0.5, 1.0):
        page.ask(commands=[[0, "width", width], *commands], hops=300)
        sounds[width] = page.played()
    assert np.abs(sounds[0.0][3000:, 0] - sounds[0.0][3000:, 1]).max() == 0.0
    sides = [np.std(sounds[width][3000:] @ [1, -1]) for width in (0.5, 1.0)]
    assert sides[1] == pytest.approx(2.0 * sides[0], rel=0.02)
    np.testing.assert_allclose(sounds[1.0].mean(axis=1), sounds[0.5].mean(axis=1), atol=1e-5)


def test_a_release_without_movements_has_no_file_of_them(tmp_path):
    build_site(Library(), DEFAULT_RELEASE, tmp_path / "site")
    has = "motion.npz" in Library().open(DEFAULT_RELEASE).card.files
    assert (tmp_path / "site" / "release" / "motion.bin").is_file() == has
