"""Feature preparation against the plain loop `librosa.load` + `librosa.feature.melspectrogram`, one core each.

    python -m benchmarks.prepare [--data ../shared/data] [--rounds 3]

Both read the same files in the same run, alternating file by file, with one thread; what counts is processor time,
because others use the machine too. Decoding and resampling alone are what both share: the same libsndfile and soxr.
Frames are aligned by
`center=False`: frame n covers samples n · hop to n · hop + n_fft in both; where soxr gives a sample more or less,
the frames that both have are compared. librosa gives mel magnitudes (`power=1`), which are normalised as ours are.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy starts its threads

import librosa  # noqa: E402
import numpy as np  # noqa: E402
import soundfile  # noqa: E402

from aitunes.audio_processing.decoding import SoundStream  # noqa: E402
from aitunes.datasets.folder import audio_names  # noqa: E402
from aitunes.experiments.scenarios import fma, gtzan  # noqa: E402
from aitunes.features import AudioFeatures, FloatArray  # noqa: E402
from training.data.log_mel import LogMel, mono_at  # noqa: E402

RUNS = (
    ("gtzan-mini", "GTZAN low", gtzan.LOW_RESOLUTION),
    ("gtzan-mini", "GTZAN high", gtzan.HIGH_RESOLUTION),
    ("fma-mini", "FMA low", fma.LOW_RESOLUTION),
    ("fma-mini", "FMA high", fma.HIGH_RESOLUTION),
    ("notes", "FMA low", fma.LOW_RESOLUTION),
    ("loops", "FMA low", fma.LOW_RESOLUTION),
)
"""Folder, and the features of the scenarios that are made for such audio."""


def main() -> None:
    """Measure and print a table for benchmarks/RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print("| files | features | ours, × real time | librosa, × real time | ratio | without decoding | difference |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for folder, name, features in RUNS:
        files = [options.data / folder / name for name in sorted(audio_names(options.data / folder))]
        print(row(f"{folder}: {len(files)}", name, *compare(files, features, options.rounds)), flush=True)


def row(files: str, features: str, figures: FloatArray, difference: float) -> str:
    """Print one line of the table, in seconds of sound, of ours, of librosa, and of decoding and resampling."""
    sound, ours, theirs, shared = figures
    speeds = f"{sound / ours:,.0f} | {sound / theirs:,.0f} | {theirs / ours:.2f}"
    return f"| {files} | {features} | {speeds} | {(theirs - shared) / (ours - shared):.2f} | {difference:.1e} |"


def compare(files: list[Path], features: AudioFeatures, rounds: int) -> tuple[FloatArray, float]:
    """Seconds of sound and of each work, every file's best of some rounds; the largest difference."""
    log_mel = LogMel(features)
    log_mel.frames(np.zeros(features.n_fft, np.float32))  # compiled, or read from numba's cache
    plain(files[0], features)
    figures, difference = np.zeros(4), 0.0
    for path in files:
        ours, theirs, shared = [], [], []
        for _ in range(rounds):
            seconds, S = timed(log_mel.of_file, path)
            ours.append(seconds)
            seconds, mel = timed(lambda path: plain(path, features), path)
            theirs.append(seconds)
            shared.append(timed(lambda path: decode(path, features), path)[0])
        figures += soundfile.info(path).duration, min(ours), min(theirs), min(shared)
        wanted = features.normalise(mel).T
        count = min(len(S), len(wanted))
        if abs(len(S) - len(wanted)) > 1:
            raise SystemExit(f"{path}: {len(S)} frames here, {len(wanted)} there")
        difference = max(difference, float(np.abs(S[:count] - wanted[:count]).max(initial=0.0)))
    return figures, difference


def timed(work: Callable[[Path], FloatArray], path: Path) -> tuple[float, FloatArray]:
    """Processor seconds, and what came of it."""
    begin = time.process_time()
    result = work(path)
    return time.process_time() - begin, result


def decode(path: Path, features: AudioFeatures) -> FloatArray:
    """Nothing but reading and resampling."""
    with SoundStream(path) as sound:
        return list(mono_at(sound, features.sample_rate))[-1]


def plain(path: Path, features: AudioFeatures) -> FloatArray:
    """Mel magnitudes [n_mels, frames] as everybody makes them."""
    y, _ = librosa.load(path, sr=features.sample_rate)
    if y.size < features.n_fft:
        return np.empty((features.n_mels, 0), np.float32)
    return np.asarray(
        librosa.feature.melspectrogram(
            y=y,
            sr=features.sample_rate,
            n_fft=features.n_fft,
            hop_length=features.hop_length,
            n_mels=features.n_mels,
            fmin=features.f_min,
            fmax=features.f_max,
            power=1.0,
            center=False,
        )
    )


if __name__ == "__main__":
    main()
