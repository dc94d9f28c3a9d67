"""Measures the cost of the second channel, and the sum of both.

    python -m benchmarks.stereo [--release NAME] [--seconds N]

Plays a chord of four notes, or the drone of a release without notes, offline and takes the processor time of whole hops
and, in the same run, of what stereo adds to them: the widening, and the second channel of resampler and output stage.
Then it compares the levels of the mono sum in third-octave bands at width 1 and at width 0, at −12 dB, where no limiter
acts. Of a release that has a side of its own (`benchmarks.stereo_music` says how near it is to the material) it takes
what that adds to the hop of a mono one, too.
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import soxr

from aitunes.audio_processing.defaults import DEFAULT_ITERATIONS
from aitunes.features import FloatArray
from aitunes.release.side import read_side
from instrument.namespace import ROOT
from instrument.storage.library import Library
from instrument.synthesis.dynamics import OutputStage
from instrument.synthesis.performance import Performance
from instrument.synthesis.recorded_side import RecordedSide
from instrument.synthesis.release_renderer import ReleaseRenderer
from instrument.synthesis.stereo import Widener
from instrument.synthesis.synth import Synth
from instrument.synthesis.tones import plays_notes

RATE = 48_000
NOTES = (57, 64, 60, 67)


def chord(name: str, width: float) -> Synth:
    """Return a synth that holds four notes, or its drone."""
    release = Library().open(name)
    performance = Performance.of(release.card, DEFAULT_ITERATIONS)
    synth = Synth(ReleaseRenderer(release, RATE, DEFAULT_ITERATIONS, background=False), performance, RATE)
    performance.apply(f"{ROOT}/width", (width,))
    performance.apply(f"{ROOT}/gain", (-12.0,))
    for note in NOTES if plays_notes(release.card) else ():
        performance.apply(f"{ROOT}/note", (note, 100))
    return synth


def play(synth: Synth, hops: int) -> tuple[FloatArray, float]:
    """Return the sound [samples, 2], and the processor seconds that it took."""
    begin = time.process_time()
    y = np.concatenate([synth.render() for _ in range(hops)])
    return y, time.process_time() - begin


def added(y: FloatArray, block: int) -> float:
    """Processor seconds that stereo adds for so much sound: all of it twice, less once on one channel."""
    blocks = [y[n : n + block].copy() for n in range(0, len(y) - block, block)]
    widener, stage = Widener(RATE), OutputStage(RATE)
    two = soxr.ResampleStream(44_100, RATE, 2, dtype="float32", quality="LQ")
    one = soxr.ResampleStream(44_100, RATE, 1, dtype="float32", quality="LQ")
    begin = time.process_time()
    for block_ in blocks:
        stage.process(widener.process(two.resample_chunk(block_), 0.5, 0.0), 0.0, playing=True)
    stereo = time.process_time() - begin
    begin = time.process_time()
    for block_ in blocks:
        one.resample_chunk(block_[:, 0])
    return stereo - (time.process_time() - begin)


def side_seconds(name: str, hops: int) -> float | None:
    """Processor seconds that the release's own side adds in so many hops, its code moving; None where it is mono."""
    release = Library().open(name)
    levels, features = read_side(release.folder, release.card), release.card.features
    if levels is None:
        return None
    side, rng = RecordedSide(levels, features, 0), np.random.default_rng(0)
    y = rng.normal(0.0, 0.1, (features.hop_length, 2)).astype(np.float32)
    codes = release.card.latent.codes(rng.normal(size=(hops, release.card.latent_dim))).astype(np.float32)
    side.add(y, codes[0], True)
    begin = time.process_time()
    for z in codes:
        side.add(y, z, True)
        y[:, 1] = 0.0
    return time.process_time() - begin


def third_octaves(y: FloatArray) -> FloatArray:
    """Power in third-octave bands from 50 Hz to 16 kHz, dB."""
    power = np.abs(np.fft.rfft(y)) ** 2
    hz = np.fft.rfftfreq(len(y), 1.0 / RATE)
    centres = 1000.0 * 2.0 ** (np.arange(-13, 13) / 3.0)
    bands = [power[(hz >= c * 2 ** (-1 / 6)) & (hz < c * 2 ** (1 / 6))].sum() for c in centres]
    return 10.0 * np.log10(np.array(bands) + 1e-12)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--release", default="chamber")
    parser.add_argument("--seconds", type=float, default=10.0)
    options = parser.parse_args()
    synth = chord(options.release, 0.5)
    hops = round(options.seconds / synth.hop_seconds)
    play(synth, 200)
    y, whole = play(synth, hops)
    extra = added(y, round(synth.hop_seconds * RATE))
    own = side_seconds(options.release, hops)
    sums = [third_octaves(play(chord(options.release, width), hops)[0].mean(axis=1)) for width in (0.0, 1.0)]
    print(f"hop in stereo: {1e3 * whole / hops:.3f} ms, of which stereo {1e3 * extra / hops:.3f} ms")
    print(f"stereo / mono: {whole / (whole - extra):.3f}")
    if own is not None:
        print(f"the release's own side: {1e3 * own / hops:.3f} ms; hop with it / without: {whole / (whole - own):.3f}")
    largest = np.abs(np.subtract(*sums)).max()
    print(f"mono sum at width 1 against width 0, third octaves, largest difference: {largest:.4f} dB")


if __name__ == "__main__":
    main()
