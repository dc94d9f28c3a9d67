"""Chords: magnitudes mixed before one phase reconstruction, against a reconstruction for every voice; and the cost.

    python -m benchmarks.voices [--data FOLDER] [--release NAME]

Recorded notes of `notes` in the data folder make chords of 2, 3, 4 and 8 notes at their recorded pitches. The ideal
mix is the sum of the recordings. Either way knows the magnitudes of each note alone, at 1024/128, and has 24
refinements a hop: all for the one mix, or shared by the voices. "Held" chords take one frame of each note and hold it
for a second, as an instrument does whose point rests; there the sum of voices that were reconstructed alone at 24
refinements each stands for the ideal. Distances are also given for a window of 8,192, which sees single partials.

The cost is the processor time of a hop while the pad moves, so that every voice is decoded in every hop.
"""

from __future__ import annotations

import argparse
import itertools
import os
import sys
import tempfile
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from aitunes.audio_processing.defaults import DEFAULT_ITERATIONS
from aitunes.audio_processing.griffin_lim import StreamingGriffinLim
from aitunes.audio_processing.metrics import log_spectral_distance, spectral_convergence
from aitunes.features import stft_magnitudes
from aitunes.release.card import LatentSpace, TensorSpec
from aitunes.release.reader import DECODER, ENCODER, MAP, TORCHSCRIPT, Release, read_card, read_release
from aitunes.release.writer import write_release
from benchmarks.phase_reconstruction import load, padded_magnitudes
from instrument.namespace import ROOT
from instrument.storage.library import DEFAULT_RELEASE, Library
from instrument.storage.paths import bundled_releases
from instrument.synthesis.effort import shared
from instrument.synthesis.performance import Performance
from instrument.synthesis.release_renderer import ReleaseRenderer, load_compiled_code
from instrument.synthesis.synth import Synth
from instrument.synthesis.tones import PitchRange

N_FFT, HOP, LONG = 1024, 128, 8192
STAND_IN = "stand-in"
CHORDS = (
    ("piano_049_Cs3", "piano_057_A3"),
    ("guitar_052_E3", "violin_066_Fs4"),
    ("piano_060_C4", "piano_064_E4", "piano_068_Gs4"),
    ("piano_054_Fs3", "piano_057_A3", "piano_060_C4"),
    ("piano_049_Cs3", "piano_054_Fs3", "piano_057_A3", "piano_064_E4"),
    ("guitar_052_E3", "trumpet_069_A4", "violin_066_Fs4", "voice_ah_high_060_C4"),
    tuple(f"piano_{note}" for note in ("046_As2", "049_Cs3", "054_Fs3", "057_A3"))
    + tuple(f"piano_{note}" for note in ("060_C4", "064_E4", "068_Gs4", "073_Cs5")),
)
COUNTS = (1, 2, 4, 8)
_HOPS = 1500


def reconstruct(S: np.ndarray, iterations: int) -> np.ndarray:
    """Samples of magnitudes [frames, bins], as the instrument streams them."""
    stream = StreamingGriffinLim(N_FFT, HOP, iterations)
    return np.concatenate([stream.process(S), stream.flush()])


def distances(y: np.ndarray, ideal: np.ndarray) -> list[float]:
    """Convergence and log-spectral distance at the short window and at the long one, dB."""
    found = []
    for n_fft in (N_FFT, LONG):
        S, M = (stft_magnitudes(sound, n_fft, n_fft // 4).T for sound in (y, ideal))
        found += [spectral_convergence(S, M), log_spectral_distance(S, M, floor_db=-60.0)]
    return found


def fundamentals_lost(y: np.ndarray, ideal: np.ndarray, notes: tuple[str, ...]) -> float:
    """Measure how far the fundamental that suffers most lies below its level in the ideal mix, dB."""
    S, M = (np.sqrt((stft_magnitudes(sound, LONG, LONG // 4) ** 2).mean(axis=1)) for sound in (y, ideal))
    places = [440.0 * 2.0 ** ((midi_note(name) - 69) / 12) * LONG / 44_100 for name in notes]
    near = [slice(round(place) - 1, round(place) + 2) for place in places]
    return max(20.0 * float(np.log10(M[at].max() / S[at].max())) for at in near)


def midi_note(name: str) -> int:
    """Return the number in a recording's name."""
    return int(next(part for part in name.split("_") if part.isdigit()))


def compare(sounds: list[np.ndarray], notes: tuple[str, ...], held: bool) -> dict[str, list[float]]:
    """Figures of every way to make the chord."""
    spectra = [padded_magnitudes(y, N_FFT, HOP) for y in sounds]
    if held:
        spectra = [np.repeat(S[len(S) // 3][None], 44_100 // HOP, axis=0) for S in spectra]
        ideal = sum(reconstruct(S, DEFAULT_ITERATIONS) for S in spectra)
    else:
        ideal = np.pad(sum(sounds), (N_FFT, 2 * N_FFT))
    share = shared(DEFAULT_ITERATIONS, len(sounds))
    ways = {
        "mixed": reconstruct(np.sqrt(sum(S * S for S in spectra)), DEFAULT_ITERATIONS),
        "shared": sum(reconstruct(S, share) for S in spectra),
        f"each {DEFAULT_ITERATIONS}": sum(reconstruct(S, DEFAULT_ITERATIONS) for S in spectra),
    }
    if held:
        del ways[f"each {DEFAULT_ITERATIONS}"]
    size = min(len(ideal), *(len(y) for y in ways.values()))
    return {
        way: [*distances(y[:size], ideal[:size]), fundamentals_lost(y[:size], ideal[:size], notes)]
        for way, y in ways.items()
    }


def find(data: Path, name: str) -> Path:
    """Return the recording of that name."""
    (path,) = (data / "notes").glob(f"*/{name}.*")
    return path


def print_comparison(data: Path, held: bool) -> None:
    """Print the table of all chords."""
    print(f"\n{'held frames' if held else 'recordings'}, dB: convergence and log-spectral distance at 1024, at 8192; ")
    print("the most that a fundamental lost")
    totals: dict[str, list[list[float]]] = {}
    for notes in CHORDS:
        sounds = [load(find(data, name), 1.5) for name in notes]
        size = min(len(y) for y in sounds) // HOP * HOP
        for way, figures in compare([y[:size] for y in sounds], notes, held).items():
            totals.setdefault(way, []).append(figures)
            print(f"  {len(notes)} notes, {notes[0]} …: {way:8}" + "".join(f"{value:8.1f}" for value in figures))
    for way, rows in totals.items():
        print(f"  mean of {len(rows)} chords: {way:12}" + "".join(f"{value:8.1f}" for value in np.mean(rows, axis=0)))


def write_stand_in(folder: Path) -> Path:
    """Write a release with pitch and level; its untrained decoder is as large as a real one: 10 → 512 → 1024 → 513."""
    from onnx import TensorProto, helper, numpy_helper

    rng = np.random.default_rng(0)
    template = read_card(bundled_releases() / DEFAULT_RELEASE)
    features = replace(template.features, n_fft=N_FFT, hop_length=HOP, scale="linear", frames=1)
    batch = "batch"
    card = replace(
        template,
        name=STAND_IN,
        latent_dim=8,
        features=features,
        inputs=(
            TensorSpec("z", (batch, 8), (-16.0, 16.0)),
            TensorSpec("pitch", (batch, 1), (36.0, 96.0)),
            TensorSpec("level", (batch, 1), (-60.0, 0.0)),
        ),
        output=TensorSpec("S", (batch, features.bins, 1), (0.0, 1.0)),
        latent=LatentSpace.from_codes(rng.normal(size=(256, 8))),
    )
    sizes = (10, 512, 1024, features.bins)
    tensors = [numpy_helper.from_array(np.array([2], np.int64), "last")]
    nodes = [helper.make_node("Concat", ["z", "pitch", "level"], ["x0"], axis=1)]
    for n, (wide, narrow) in enumerate(itertools.pairwise(sizes)):
        weights = rng.normal(size=(wide, narrow)) / np.sqrt(wide)
        tensors.append(numpy_helper.from_array(weights.astype(np.float32), f"w{n}"))
        nodes.append(helper.make_node("MatMul", [f"x{n}", f"w{n}"], [f"y{n}"]))
        nodes.append(helper.make_node("Relu" if n < 2 else "Sigmoid", [f"y{n}"], [f"x{n + 1}"]))
    nodes.append(helper.make_node("Unsqueeze", ["x3", "last"], ["S"]))
    described = [
        [helper.make_tensor_value_info(spec.name, TensorProto.FLOAT, list(spec.shape)) for spec in specs]
        for specs in (card.inputs, (card.output,))
    ]
    graph = helper.make_graph(nodes, "decoder", *described, tensors)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    others = {name: (bundled_releases() / DEFAULT_RELEASE / name).read_bytes() for name in (ENCODER, TORCHSCRIPT, MAP)}
    return write_release(folder, card, {DECODER: model.SerializeToString(), **others})


def print_cost(release: Release) -> None:
    """Time of a hop with so many voices, all of them decoded in each."""
    card = release.card
    pitches = PitchRange.of(card)
    if pitches is None or not pitches.notes:
        sys.exit(f"The release {card.name} plays no notes; give --release one that does.")
    load_compiled_code()
    hop_ms = 1e3 * card.features.hop_length / card.features.sample_rate
    print(f"\n{card.name}: {card.features.bands} bands, hop {hop_ms:.2f} ms; median / p99 of a hop, share of a core")
    for count in COUNTS:
        synth = playing(release, pitches, count)
        took = []
        for hop in range(_HOPS):
            place = 0.5 + 0.4 * np.sin(hop / 50), 0.5 + 0.4 * np.cos(hop / 70)
            synth.performance.apply(f"{ROOT}/pad/xy", place)
            begin = time.thread_time()
            synth.render()
            took.append(time.thread_time() - begin)
        median, p99 = np.percentile(took[200:], [50, 99])
        print(f"  {count} voices: {1e3 * median:.3f} / {1e3 * p99:.3f} ms, {median / synth.hop_seconds:.1%}")


def playing(release: Release, pitches: PitchRange, voices: int) -> Synth:
    """Return a synth that holds a chord."""
    card = release.card
    performance = Performance.of(card, DEFAULT_ITERATIONS)
    renderer = ReleaseRenderer(release, card.features.sample_rate, DEFAULT_ITERATIONS, background=False)
    renderer.prepare(performance.advance(0.0), performance)
    performance.apply(f"{ROOT}/voices", (voices,))
    for note in np.linspace(pitches.low + 1, pitches.high - 1, voices).round():
        performance.apply(f"{ROOT}/note", (int(note), 100))
    return Synth(renderer, performance, card.features.sample_rate)


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = os.environ.get("AITUNES_TEST_DATA", Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--data", type=Path, default=Path(default), help="folder of audio")
    parser.add_argument("--release", help="with pitch, for the cost; by default an untrained one")
    arguments = parser.parse_args()
    if not (arguments.data / "notes").is_dir():
        print(f"No notes in {arguments.data}; give --data.", file=sys.stderr)
        return 1
    for held in (False, True):
        print_comparison(arguments.data, held)
    with tempfile.TemporaryDirectory() as folder:
        if arguments.release:
            print_cost(Library().open(arguments.release))
        else:
            print_cost(read_release(write_stand_in(Path(folder))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
