"""Measures the processor time of a hop while the pad moves: the drone, one note, eight notes; a decode; the record.

    python -m benchmarks.hop_cost [--percentile 5]

Copy it into a checkout of older code and run it there, too: absolute figures belong to a machine and a day.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np

from aitunes.audio_processing.defaults import DEFAULT_ITERATIONS
from aitunes.release.reader import Release
from instrument.engine.flight_recorder import FlightRecorder
from instrument.storage.library import Library
from instrument.synthesis.decoders import Decoder
from instrument.synthesis.performance import Performance
from instrument.synthesis.release_renderer import ReleaseRenderer

CHORDS = ((), (57,), (48, 52, 57, 60, 64, 67, 69, 72))
HOPS, SETTLED = 400, 50
RATE = 48_000.0


def cost_ms(name: str, notes: tuple[int, ...], percentile: float = 50.0) -> float:
    """Return a percentile of a hop's processor time, ms."""
    release = Library().open(name)
    renderer = ReleaseRenderer(release, RATE, DEFAULT_ITERATIONS, background=False)
    performance = Performance.of(release.card, DEFAULT_ITERATIONS)
    performance.apply("/aitunes/voices", (8,))
    for note in notes:
        performance.apply("/aitunes/note", (note, 100))
    costs = []
    for x, y in np.random.default_rng(0).random((HOPS, 2)):
        performance.apply("/aitunes/pad/xy", (float(x), float(y)))
        begin = time.thread_time()
        coordinates = performance.advance(renderer.hop_seconds)
        performance.sound(renderer.hop_seconds)
        renderer.render(coordinates, performance)
        costs.append(time.thread_time() - begin)
    return 1e3 * float(np.percentile(costs[SETTLED:], percentile))


def decode_cost_ms(release: Release) -> float:
    """Return the median of the processor time of one decode to magnitudes, ms."""
    decode, rng = Decoder(release), np.random.default_rng(0)
    costs = []
    for z in rng.standard_normal((HOPS, release.card.latent_dim)).astype(np.float32):
        controls = [(float(rng.uniform(48.0, 84.0)), 0.0)]
        begin = time.thread_time()
        decode(z, controls)
        costs.append(time.thread_time() - begin)
    return 1e3 * float(np.median(costs[SETTLED:]))


def record_cost_ms() -> float:
    """Return the median of the processor time that the flight recorder takes for a hop, ms."""
    recorder = FlightRecorder()
    recorder.begin()
    costs = []
    for _ in range(4_000):
        begin = time.thread_time()
        recorder.add(0.0, 0.0, 0.001, 0.0005, (1, 1e-5), 256.0, 0, 128 / RATE)
        costs.append(time.thread_time() - begin)
    return 1e3 * float(np.median(costs))


def main() -> int:
    """Measure and print a row for each bundled release."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--percentile", type=float, default=50.0, help="of costs; a low one on a busy machine")
    percentile = parser.parse_args().percentile
    print(f"ms a hop, {DEFAULT_ITERATIONS} refinements    drone   one note   eight")
    for name in ("first-light", "chamber"):
        drone, one, eight = (cost_ms(name, notes, percentile) for notes in CHORDS)
        print(f"{name:25}{drone:9.3f}{one:11.3f}{eight:8.3f}", flush=True)
    for name in ("first-light", "chamber"):
        release = Library().open(name)
        whole, short = decode_cost_ms(replace(release, drawing=None)), decode_cost_ms(release)
        print(f"decode {name:18}{short:9.4f}, by the whole graph {whole:.4f}: ratio {short / whole:.2f}", flush=True)
    print(f"flight recorder          {record_cost_ms():9.4f}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
