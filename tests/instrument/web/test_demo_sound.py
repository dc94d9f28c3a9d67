"""Tests the sound of the demo page, in Node, against what Python makes of the same numbers."""

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from aitunes.audio_processing.griffin_lim import StreamingGriffinLim
from aitunes.audio_processing.harmonic_comb import HarmonicComb
from benchmarks.phase_reconstruction import padded_magnitudes, score
from instrument.storage.library import DEFAULT_RELEASE, Library
from instrument.web.demo.site import build_site

pytestmark = pytest.mark.node
SCRIPT = Path(__file__).with_name("demo_sound.mjs")
ITERATIONS = 8
SAME_DB = 1.0
SETTLED_HOPS = 70
HELD_HOPS = 1450


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("demo") / "site"
    build_site(Library(), DEFAULT_RELEASE, folder)
    (folder / "package.json").write_text('{"type": "module"}')
    return folder


@pytest.fixture
def in_node(need, site, tmp_path):
    """Return a function that asks the page's sound, and a reader of what it has written."""
    node = need("node", "nodejs")

    def ask(**question):
        (tmp_path / "question.json").write_text(json.dumps(question))
        command = [node, str(SCRIPT), str(site), str(tmp_path)]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=240, check=True)
        return json.loads(ran.stdout)

    def streamed(spectra, iterations=ITERATIONS):
        """Return the sound of each of some spectrograms [frames, bins]."""
        streams = []
        for n, S in enumerate(spectra):
            S.astype("<f4").tofile(tmp_path / f"frames-{n}.f32")
            streams.append({"frames": f"frames-{n}.f32", "count": len(S), "iterations": iterations})
        ask(streams=streams)
        return [read(f"stream-{n}.f32") for n in range(len(streams))]

    def read(name):
        return np.fromfile(tmp_path / name, "<f4")

    ask.read, ask.streamed = read, streamed
    return ask


@pytest.fixture(scope="module")
def release():
    return Library().open(DEFAULT_RELEASE)


def drawn(release, z, pitch, level):
    """Return drawings and magnitudes as the engine makes them, [batch, width] and [batch, bins]."""
    told = {"z": z, "pitch": pitch[:, None], "level": level[:, None]}
    (drawings,) = release.drawing.session.run(None, {name: values.astype(np.float32) for name, values in told.items()})
    comb = HarmonicComb(release.card.features, release.drawing.points, release.drawing.harmonics)
    return drawings, comb.magnitudes(drawings, told["pitch"], told["level"])[:, :, 0]


def questions(rng, release, count=200):
    ranges = {spec.name: spec.range for spec in release.card.inputs}
    z = rng.normal(size=(count, release.card.latent_dim)).astype(np.float32)
    return z, *(rng.uniform(*ranges[name], count).astype(np.float32) for name in ("pitch", "level"))


def test_network_and_drawing_are_those_of_the_engine(in_node, release, rng):
    z, pitch, level = questions(rng, release)
    in_node(draw=[[code.tolist(), float(p), float(db)] for code, p, db in zip(z, pitch, level, strict=True)])
    drawings, magnitudes = drawn(release, z, pitch, level)
    assert np.abs(in_node.read("drawings.f32").reshape(drawings.shape) - drawings).max() <= 1e-4
    ours = in_node.read("magnitudes.f32").reshape(magnitudes.shape)
    assert np.abs(ours - magnitudes).max() <= 1e-4 * magnitudes.max()
    audible = magnitudes > 1e-3 * magnitudes.max(axis=1, keepdims=True)
    assert np.abs(20.0 * np.log10(ours[audible] / magnitudes[audible])).max() <= 0.01


def streamed_in_python(S, features, iterations=ITERATIONS):
    return StreamingGriffinLim(features.n_fft, features.hop_length, iterations).process(S)


def moving_pad(release):
    """Return the frames of a walk over the pad with a bend, [frames, bins]."""
    t = np.linspace(0.0, 1.0, 900)
    ranges = np.array(release.card.latent.pad_range)
    coordinates = np.zeros((t.size, release.card.latent_dim))
    coordinates[:, 0] = ranges[0, 0] + (0.5 + 0.5 * np.sin(9.0 * t)) * (ranges[0, 1] - ranges[0, 0])
    coordinates[:, 1] = ranges[1, 0] + (0.5 + 0.5 * np.cos(7.0 * t)) * (ranges[1, 1] - ranges[1, 0])
    latent = release.card.latent
    z = np.asarray(latent.mean) + (coordinates * np.sqrt(latent.variance)) @ np.asarray(latent.axes)
    return drawn(release, z.astype(np.float32), 57.0 + 12.0 * t, np.full(t.size, -6.0))[1]


def plucks(rng, features):
    """Return the magnitudes of plucked strings over some noise, [frames, bins]."""
    rate = features.sample_rate
    t = np.arange(2 * rate) / rate
    y = 0.002 * rng.normal(size=t.size)
    for start, hz in ((0.1, 220.0), (0.5, 277.2), (0.8, 329.6), (1.3, 440.0)):
        since = np.maximum(t - start, 0.0)
        y += sum(0.2 / n * np.exp(-4.0 * n * since) * np.sin(2 * np.pi * n * hz * since) for n in range(1, 12)) * (
            t > start
        )
    return padded_magnitudes(y.astype(np.float32), features.n_fft, features.hop_length)


@pytest.mark.parametrize("iterations", [0, 2, 8])
def test_phases_converge_as_those_of_the_engine(in_node, release, rng, iterations):
    features = release.card.features
    spectra = [moving_pad(release), plucks(rng, features)]
    sounds = in_node.streamed(spectra, iterations)
    for S, y in zip(spectra, sounds, strict=True):
        whole = len(S) - features.n_fft // features.hop_length + 1  # frames whose windows end within the sound
        figures = [
            score(sound, S[:whole], features.n_fft, features.hop_length)
            for sound in (y, streamed_in_python(S, features, iterations))
        ]
        assert figures[0] == pytest.approx(figures[1], abs=SAME_DB)


NOTES = [(50.3, 0.5, 0.5), (50.3, 0.9, 0.9), (62.3, 0.5, 0.5), (62.3, 0.9, 0.1), (86.3, 0.1, 0.1)]
FIRM = 4  # of these; the line of the last one hangs on how numbers are rounded, in the engine, too: −62 to −67 dB
GOAL_DB = -60.0


def held_note(release, pitch, x, y):
    """Return the frames of a held note, [frames, bins]."""
    latent, ranges = release.card.latent, np.array(release.card.latent.pad_range)
    coordinates = np.zeros(release.card.latent_dim)
    coordinates[:2] = ranges[:2, 0] + np.array([x, y]) * (ranges[:2, 1] - ranges[:2, 0])
    z = np.asarray(latent.mean) + (coordinates * np.sqrt(latent.variance)) @ np.asarray(latent.axes)
    S = drawn(release, z[None].astype(np.float32), np.array([pitch]), np.zeros(1))[1]
    return np.tile(S, (HELD_HOPS, 1))


@pytest.mark.training
def test_a_held_note_has_the_line_at_the_hop_rate_that_the_engine_has(in_node, release):
    from training.evaluate.playability import hop_flux_db

    features, spectra = release.card.features, [held_note(release, *note) for note in NOTES]
    begin = SETTLED_HOPS * features.hop_length
    ours = [hop_flux_db(y[begin:], features) for y in in_node.streamed(spectra)]
    engine = [hop_flux_db(streamed_in_python(S, features)[begin:], features) for S in spectra]
    assert ours[:FIRM] == pytest.approx(engine[:FIRM], abs=SAME_DB)
    assert max(ours) <= GOAL_DB


def test_a_tone_sounds_at_once_plays_its_pitch_and_dies_away(in_node, release):
    features = release.card.features
    second = round(features.frame_rate)
    commands = [[0, "note", 69, 127, 1], [second, "note", 69, 0, 1], [second + 20, "bend", 1, 5]]
    took = in_node(commands=commands, hops=3 * second)["played"]
    y = in_node.read("played.f32").reshape(-1, features.hop_length)
    level = 20.0 * np.log10(np.sqrt((y**2).mean(axis=1)) + 1e-9)
    steady = np.median(level[second // 2 : second])
    assert level[4:30].mean() == pytest.approx(steady, abs=3.0)
    assert level[2 * second :].max() < -120.0
    held = y[second // 4 : second].ravel()
    spectrum = np.abs(np.fft.rfft(held * np.hanning(held.size)))
    partial = spectrum.argmax() * features.sample_rate / held.size / 440.0
    assert partial == pytest.approx(round(partial), abs=0.01)
    assert min(took) >= 0.0


def test_an_unknown_command_and_an_unknown_operation_say_so(in_node, site):
    with pytest.raises(subprocess.CalledProcessError) as failed:
        in_node(commands=[[0, "explode"]], hops=1)
    assert "There is no command explode." in failed.value.stderr


def test_more_notes_than_voices_take_the_oldest_ones_without_a_click(in_node, release):
    features = release.card.features
    commands = [[40 * n, "note", 60 + n, 100, n] for n in range(7)]
    in_node(commands=commands, hops=400)
    y = in_node.read("played.f32")
    assert 0.05 < np.abs(y).max() < 1.0
    edges = [40 * n * features.hop_length for n in range(5, 7)]
    fourth = np.abs(np.diff(y, 4))
    usual = fourth[300 * features.hop_length :].max()
    assert max(fourth[edge - 4 : edge + 4].max() for edge in edges) < 2.0 * usual
