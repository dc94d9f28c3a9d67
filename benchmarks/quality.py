"""Measures quality and cost of each step of `/aitunes/quality`, against librosa's offline Griffin-Lim.

    python -m benchmarks.quality [--data FOLDER] [--seconds 5]

The magnitudes are those of real files at the bundled release's 1024/128; the same for everyone, with a window of
silence on either side. Quality is the mean spectral convergence; cost the processor time of a hop, which does not
count what others' work delays, and its share of a core.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.phase_reconstruction import FILES, SAMPLE_RATE, load, offline, padded_magnitudes, score, stream

N_FFT, HOP = 1024, 128
STEPS = (0, 1, 2, 4, 8, 16, 24, 32, 64)
LOOKAHEADS = (0, 1)
LIBROSA_STEPS = (8, 32, 100)


def print_steps(spectra: list[np.ndarray], lookahead: int) -> None:
    """Print a row for every number of iterations."""
    for iterations in STEPS:
        results = [stream(S, (N_FFT, HOP, lookahead), iterations) for S in spectra]
        scores = [score(y, S, N_FFT, HOP) for (y, _), S in zip(results, spectra, strict=True)]
        median, p99 = 1e3 * np.percentile(np.concatenate([took for _, took in results]), [50, 99])
        share = median * 1e-3 * SAMPLE_RATE / HOP
        print(
            f"| {iterations}, {lookahead} | {np.mean(scores):.1f} | {max(scores):.1f} "
            f"| {median:.3f} / {p99:.3f} | {share:.1%} |",
            flush=True,
        )


def print_librosa(spectra: list[np.ndarray]) -> None:
    """Print the same for librosa, whose cost is that of the whole sound, divided by its hops."""
    for iterations in LIBROSA_STEPS:
        begin = time.process_time()
        sounds = [offline(S, N_FFT, HOP, iterations) for S in spectra]
        each = (time.process_time() - begin) / sum(len(S) for S in spectra)
        scores = [score(y, S, N_FFT, HOP) for y, S in zip(sounds, spectra, strict=True)]
        share = each * SAMPLE_RATE / HOP
        print(
            f"| librosa, {iterations} | {np.mean(scores):.1f} | {max(scores):.1f} | {1e3 * each:.3f} | {share:.1%} |",
            flush=True,
        )


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = os.environ.get("AITUNES_TEST_DATA", Path(__file__).parents[2] / "shared" / "data")
    parser.add_argument("--data", type=Path, default=Path(default), help="folder of audio")
    parser.add_argument("--seconds", type=float, default=5.0, help="at most this much of each file")
    arguments = parser.parse_args()
    missing = [name for name in FILES if not (arguments.data / name).is_file()]
    if missing:
        print(f"No {missing[0]} in {arguments.data}; give --data.", file=sys.stderr)
        return 1
    spectra = [padded_magnitudes(load(arguments.data / name, arguments.seconds), N_FFT, HOP) for name in FILES]
    print("| iterations, look-ahead | convergence, dB | worst file | ms a hop, median / p99 | share of a core |")
    print("| --- | --- | --- | --- | --- |")
    for lookahead in LOOKAHEADS:
        print_steps(spectra, lookahead)
    print_librosa(spectra)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
