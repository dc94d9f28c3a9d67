"""Tests the sound of the demo page, in Node, against what Python makes of the same numbers."""

import subprocess

import numpy as np
import pytest

from benchmarks.demo_site import (
    PageInNode,
    convergence_db,
    drawn,
    held_note,
    line_db,
    moving_pad,
    plucks,
    streamed_by_engine,
)
from instrument.storage.library import DEFAULT_RELEASE, Library
from instrument.web.demo.site import build_site

pytestmark = pytest.mark.node
ITERATIONS = 8
SAME_DB = 1.0
SAME_CONVERGENCE_DB = 0.3


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "site"
    build_site(Library(), DEFAULT_RELEASE, folder)
    return folder


@pytest.fixture
def page(need, site, tmp_path):
    return PageInNode(need("node", "nodejs"), site, tmp_path)


@pytest.fixture(scope="module")
def release():
    return Library().open(DEFAULT_RELEASE)


def questions(rng, release, count=200):
    ranges = {spec.name: spec.range for spec in release.card.inputs}
    z = rng.normal(size=(count, release.card.latent_dim)).astype(np.float32)
    return z, *(rng.uniform(*ranges[name], count).astype(np.float32) for name in ("pitch", "level"))


def test_network_and_drawing_are_those_of_the_engine(page, release, rng):
    z, pitch, level = questions(rng, release)
    page.ask(draw=[[code.tolist(), float(p), float(db)] for code, p, db in zip(z, pitch, level, strict=True)])
    drawings, magnitudes = drawn(release, z, pitch, level)
    assert np.abs(page.read("drawings.f32").reshape(drawings.shape) - drawings).max() <= 1e-4
    ours = page.read("magnitudes.f32").reshape(magnitudes.shape)
    assert np.abs(ours - magnitudes).max() <= 1e-4 * magnitudes.max()
    silence = 10.0 ** (release.card.features.db_range[0] / 20.0)  # within rounding of it one may be silent
    audible = magnitudes > np.maximum(1e-3 * magnitudes.max(axis=1, keepdims=True), 1.001 * silence)
    assert np.abs(20.0 * np.log10(ours[audible] / magnitudes[audible])).max() <= 0.01


@pytest.mark.parametrize("iterations", [0, 2, 8])
def test_phases_converge_as_those_of_the_engine(page, release, rng, iterations):
    features = release.card.features
    spectra = [moving_pad(release), plucks(rng, features)]
    sounds, _ = page.streamed(spectra, iterations)
    for S, y in zip(spectra, sounds, strict=True):
        engine, _ = streamed_by_engine(S, features, iterations)
        assert convergence_db(y, S, features) == pytest.approx(
            convergence_db(engine, S, features), abs=SAME_CONVERGENCE_DB
        )


NOTES = [(50.3, (0.5, 0.5)), (50.3, (0.9, 0.9)), (62.3, (0.5, 0.5)), (62.3, (0.9, 0.1)), (86.3, (0.1, 0.1))]
FIRM = 4  # of these; the line of the last one hangs on how numbers are rounded, in the engine, too: −62 to −67 dB
GOAL_DB = -60.0


@pytest.mark.training
def test_a_held_note_has_the_line_at_the_hop_rate_that_the_engine_has(page, release):
    features, spectra = release.card.features, [held_note(release, *note) for note in NOTES]
    sounds, _ = page.streamed(spectra, ITERATIONS)
    ours = [line_db(y, features) for y in sounds]
    engine = [line_db(streamed_by_engine(S, features, ITERATIONS)[0], features) for S in spectra[:FIRM]]
    assert ours[:FIRM] == pytest.approx(engine, abs=SAME_DB)
    assert max(ours) <= GOAL_DB


def test_processor_time_is_reported_for_every_hop(page, release, capsys):
    _, took = page.streamed([moving_pad(release)], ITERATIONS)
    assert len(took) == 900
    assert min(took) >= 0.0
    hop_ms = 1e3 / release.card.features.frame_rate
    with capsys.disabled():
        print(
            f"\n{np.median(took):.2f} ms of processor time a hop of {hop_ms:.2f} ms, {ITERATIONS} refinements, in Node"
        )


def test_a_tone_sounds_at_once_plays_its_pitch_and_dies_away(page, release):
    features = release.card.features
    second = round(features.frame_rate)
    commands = [[0, "note", 69, 127, 1], [second, "note", 69, 0, 1], [second + 20, "bend", 1, 5]]
    page.ask(commands=commands, hops=3 * second)
    y = page.played().mean(axis=1).reshape(-1, features.hop_length)
    level = 20.0 * np.log10(np.sqrt((y**2).mean(axis=1)) + 1e-9)
    steady = np.median(level[second // 2 : second])
    assert level[4:30].mean() == pytest.approx(steady, abs=3.0)
    assert level[2 * second :].max() < -120.0
    held = y[second // 4 : second].ravel()
    spectrum = np.abs(np.fft.rfft(held * np.hanning(held.size)))
    partial = spectrum.argmax() * features.sample_rate / held.size / 440.0
    assert partial == pytest.approx(round(partial), abs=0.01)


def test_refinements_go_where_hops_take_too_long_and_come_back_when_there_is_time(page, release):
    second = round(release.card.features.frame_rate)
    loads = [0.3] * second + [0.9] * 4 * second + [0.6] * 4 * second + [0.2] * 60 * second
    counts = page.ask(loads=loads)["limited"]
    assert counts[second - 1] == 8
    assert counts[5 * second] == 0
    assert counts[9 * second - 1] <= 1  # neither much nor little to do: nothing changes
    assert counts[-1] == 8
    assert max(np.diff(counts)) == 1


def test_an_unknown_command_says_so(page):
    with pytest.raises(subprocess.CalledProcessError) as failed:
        page.ask(commands=[[0, "explode"]], hops=1)
    assert "There is no command explode." in failed.value.stderr


def test_more_notes_than_voices_take_the_oldest_ones_without_a_click(page, release):
    features = release.card.features
    commands = [[40 * n, "note", 60 + n, 100, n] for n in range(7)]
    page.ask(commands=commands, hops=400)
    y = page.played().mean(axis=1)
    assert 0.05 < np.abs(y).max() < 1.0
    edges = [40 * n * features.hop_length for n in range(5, 7)]
    fourth = np.abs(np.diff(y, 4))
    usual = fourth[300 * features.hop_length :].max()
    assert max(fourth[edge - 4 : edge + 4].max() for edge in edges) < 2.0 * usual
