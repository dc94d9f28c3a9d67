"""Measures the sound of the demo site in Node beside the engine's own, on the same frames and in the same run.

    python -m benchmarks.demo_site [--release NAME]

Cost is processor time, of the whole Node process, as a share of a hop; the first hops, in which Node compiles, are left
out. Held notes are those of `benchmarks.held_notes`.
"""

from __future__ import annotations

import argparse
import itertools
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from aitunes.audio_processing.defaults import DEFAULT_ITERATIONS
from aitunes.audio_processing.griffin_lim import StreamingGriffinLim
from aitunes.audio_processing.harmonic_comb import HarmonicComb
from aitunes.features import AudioFeatures, FloatArray
from aitunes.release.motion import MOTION
from aitunes.release.reader import Release
from benchmarks.phase_reconstruction import padded_magnitudes, score
from instrument.storage.library import DEFAULT_RELEASE, Library
from instrument.web.demo.site import build_site

SCRIPT = Path(__file__).with_name("demo_sound.mjs")
HELD_SECONDS, SETTLED_SECONDS = 4.0, 0.2
PLACES = (0.1, 0.5, 0.9)
FIRST_SEMITONES = 2.3
WARM_HOPS = 400
STEPS = (0, 2, 8)
ROUNDED = 1.0 + 3e-7  # changes the last bit of each magnitude


class PageInNode:
    """Runs the page's sound in Node on what is asked.

    Args:
        node: the program.
        site: a built site, whose modules Node then takes for such.
        folder: for what goes there and back.
    """

    def __init__(self, node: str, site: Path, folder: Path) -> None:
        self._node, self._site, self._folder = node, site, folder
        (site / "package.json").write_text('{"type": "module"}')

    def ask(self, **question: Any) -> dict[str, Any]:
        """Run what `demo_sound.mjs` says of a question; return milliseconds of processor time a hop."""
        (self._folder / "question.json").write_text(json.dumps(question))
        command = [self._node, str(SCRIPT), str(self._site), str(self._folder)]
        ran = subprocess.run(command, capture_output=True, text=True, timeout=600, check=True)
        return dict(json.loads(ran.stdout))

    def read(self, name: str) -> FloatArray:
        """Return the numbers that the last question has left in a file."""
        return np.fromfile(self._folder / name, "<f4")

    def played(self) -> FloatArray:
        """Return what the last question's commands have made, left and right [samples, 2]."""
        return self.read("played.f32").reshape(-1, 2)

    def streamed(self, spectra: list[FloatArray], iterations: int) -> tuple[list[FloatArray], list[float]]:
        """Return the sound of each of some spectrograms [frames, bins], and milliseconds a hop."""
        streams = []
        for n, S in enumerate(spectra):
            S.astype("<f4").tofile(self._folder / f"frames-{n}.f32")
            streams.append({"frames": f"frames-{n}.f32", "count": len(S), "iterations": iterations})
        took = self.ask(streams=streams)["streams"]
        return [self.read(f"stream-{n}.f32") for n in range(len(streams))], list(itertools.chain(*took))


def drawn(release: Release, z: FloatArray, pitch: FloatArray, level: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return drawings [batch, width] and magnitudes [batch, bins] as the engine makes them."""
    if release.drawing is None:
        raise SystemExit(f"{release.card.name} has no drawing.onnx.")
    told = {"z": z, "pitch": pitch[:, None], "level": level[:, None]}
    (drawings,) = release.drawing.session.run(None, {name: values.astype(np.float32) for name, values in told.items()})
    comb = HarmonicComb(release.card.features, release.drawing.points, release.drawing.harmonics)
    return drawings, comb.magnitudes(drawings, told["pitch"], told["level"])[:, :, 0]


def _codes(release: Release, places: FloatArray) -> FloatArray:
    """Return the codes of places [batch, 2] of the pad, each 0..1."""
    latent = release.card.latent
    ranges = np.asarray(latent.pad_range)[:2]
    coordinates = np.zeros((len(places), release.card.latent_dim))
    coordinates[:, :2] = ranges[:, 0] + places * (ranges[:, 1] - ranges[:, 0])
    return np.asarray(np.asarray(latent.mean) + (coordinates * np.sqrt(latent.variance)) @ np.asarray(latent.axes))


def moving_pad(release: Release) -> FloatArray:
    """Return the frames of a walk over the pad with a bend, [frames, bins]."""
    t = np.linspace(0.0, 1.0, 900)
    places = 0.5 + 0.5 * np.stack([np.sin(9.0 * t), np.cos(7.0 * t)], axis=1)
    return drawn(release, _codes(release, places), 57.0 + 12.0 * t, np.full(t.size, -6.0))[1]


def held_note(release: Release, pitch: float, place: tuple[float, float]) -> FloatArray:
    """Return the frames of a held note, [frames, bins]."""
    S = drawn(release, _codes(release, np.array([place])), np.array([pitch]), np.zeros(1))[1]
    return np.tile(S, (round((SETTLED_SECONDS + HELD_SECONDS) * release.card.features.frame_rate), 1))


def plucks(rng: np.random.Generator, features: AudioFeatures) -> FloatArray:
    """Return the magnitudes of plucked strings over some noise, [frames, bins]."""
    t = np.arange(2 * features.sample_rate) / features.sample_rate
    y = 0.002 * rng.normal(size=t.size)
    for start, hz in ((0.1, 220.0), (0.5, 277.2), (0.8, 329.6), (1.3, 440.0)):
        since = np.maximum(t - start, 0.0)
        for n in range(1, 12):
            y += 0.2 / n * np.exp(-4.0 * n * since) * np.sin(2 * np.pi * n * hz * since) * (t > start)
    return np.asarray(padded_magnitudes(y.astype(np.float32), features.n_fft, features.hop_length))


def streamed_by_engine(S: FloatArray, features: AudioFeatures, iterations: int) -> tuple[FloatArray, list[float]]:
    """Return the sound of the engine's own phase reconstruction, and milliseconds of processor time a hop."""
    stream = StreamingGriffinLim(features.n_fft, features.hop_length, iterations)
    sound, took = [], []
    for n in range(len(S)):
        begin = time.thread_time()
        sound.append(stream.process(S[n : n + 1]))
        took.append(1e3 * (time.thread_time() - begin))
    return np.concatenate(sound), took


def convergence_db(y: FloatArray, S: FloatArray, features: AudioFeatures) -> float:
    """Return how far a sound is from its frames, dB; those whose windows end beyond it do not count."""
    whole = len(S) - features.n_fft // features.hop_length + 1
    return score(y, S[:whole], features.n_fft, features.hop_length)


def line_db(y: FloatArray, features: AudioFeatures) -> float:
    """Return the line at the hop rate of a held note that has settled, dB."""
    from training.evaluate.playability import hop_flux_db

    return hop_flux_db(y[round(SETTLED_SECONDS * features.sample_rate) :], features)


def print_cost(name: str, took: Iterable[float], features: AudioFeatures) -> None:
    """Print median and p99 of a hop's processor time, as a share of the hop."""
    hop_ms = 1e3 / features.frame_rate
    median, p99 = np.percentile(list(took)[WARM_HOPS:], [50, 99])
    print(f"| {name} | {median:.3f} / {p99:.3f} | {median / hop_ms:.0%} / {p99 / hop_ms:.0%} |", flush=True)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--release", default=DEFAULT_RELEASE, help="one with a drawing.onnx")
    name = parser.parse_args().release
    node = shutil.which("node")
    if node is None:
        print("Node.js is not installed; apt-get install nodejs", file=sys.stderr)
        return 1
    release = Library().open(name)
    with tempfile.TemporaryDirectory() as folder:
        site, files = Path(folder) / "site", Path(folder) / "files"
        build_site(Library(), name, site)
        files.mkdir()
        page = PageInNode(node, site, files)
        compare_costs(page, release)
        compare_sound(page, release)
    return 0


def compare_costs(page: PageInNode, release: Release) -> None:
    """Print what a hop costs: the phases alone in both, and everything in the page."""
    features, low = release.card.features, release.card.inputs[1].range[0]
    frames = [moving_pad(release)] * 3
    print("| what | ms a hop, median / p99 | share of a hop |\n| --- | --- | --- |")
    for iterations in STEPS:
        _, took = page.streamed(frames, iterations)
        print_cost(f"phases in the page, {iterations} refinements", took, features)
        _, took = streamed_by_engine(np.concatenate(frames), features, iterations)
        print_cost(f"phases in the engine, {iterations} refinements", took, features)
    places = np.random.default_rng(0).normal(size=(2000, release.card.latent_dim)).tolist()
    moves = [[n, "move", place] for n, place in enumerate(places)]
    drone = [[0, "drone", True, 69]]
    notes = [[0, "note", low + 5 * n, 100, n] for n in range(4)]
    whole = {
        "drone, pad still": drone,
        "four notes, pad still": notes,
        "drone, pad moves": drone + moves,
        "four notes, pad moves": notes + moves,
    }
    if MOTION in release.card.files:
        held = [[0, "motion", 0.0]]
        whole |= {"drone, all still": held + drone, "four notes, all still": held + notes}
    for title, commands in whole.items():
        print_cost(f"the whole page, {title}", page.ask(commands=commands, hops=len(places))["played"], features)


def compare_sound(page: PageInNode, release: Release) -> None:
    """Print convergence and the held notes' lines of both."""
    features, low_high = release.card.features, release.card.inputs[1].range
    spectra = {"moving pad": moving_pad(release), "plucks": plucks(np.random.default_rng(0), features)}
    print("\n| | page | engine |\n| --- | --- | --- |")
    for iterations in STEPS:
        sounds, _ = page.streamed(list(spectra.values()), iterations)
        for (title, S), y in zip(spectra.items(), sounds, strict=True):
            engine, _ = streamed_by_engine(S, features, iterations)
            figures = [convergence_db(each, S, features) for each in (y, engine)]
            print(
                f"| convergence, {title}, {iterations} refinements | {figures[0]:.2f} | {figures[1]:.2f} |", flush=True
            )
    notes = itertools.product(np.arange(low_high[0] + FIRST_SEMITONES, low_high[1], 12.0), PLACES, PLACES)
    held = [held_note(release, float(pitch), place) for pitch, *place in notes]
    sounds, _ = page.streamed(held, DEFAULT_ITERATIONS)
    lines = np.array(
        [
            [line_db(each, features) for each in (y, *(_by_engine(gain * S, features) for gain in (1.0, ROUNDED)))]
            for y, S in zip(sounds, held, strict=True)
        ]
    )
    print(f"\n| {len(held)} held notes, line at the hop rate | page | engine | engine, last bits changed |")
    print("| --- | --- | --- | --- |")
    rows = {
        "worst": lines.max(axis=0),
        "mean of their power": 10.0 * np.log10(np.mean(10.0 ** (lines / 10.0), axis=0)),
    }
    for title, row in rows.items():
        print(f"| {title} | {' | '.join(f'{level:.1f} dB' for level in row)} |")
    near = np.mean(np.abs(lines - lines[:, 1:2]) < 1.0, axis=0)
    print(f"| within 1 dB of the engine | {near[0]:.0%} | | {near[2]:.0%} |")


def _by_engine(S: FloatArray, features: AudioFeatures) -> FloatArray:
    return streamed_by_engine(S.astype(np.float32), features, DEFAULT_ITERATIONS)[0]


if __name__ == "__main__":
    raise SystemExit(main())
