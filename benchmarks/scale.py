"""How preparation and reading grow with the corpus and with the workers, on this machine.

    python -m benchmarks.scale [--clips 1000 10000 100000] [--rounds 3]

Memory: clips of a second, a hundred different ones under as many names as there are clips (hard links), are
prepared with two threads, then read once through in a training's order with nothing kept in memory; the table has the
most that each process held, and seconds of both. Efficiency: the time of one worker over twice the time of two, each
the best of some rounds in turns, because others use the machine too; `cores` is what the two had of two cores.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy starts its threads

import numpy as np  # noqa: E402
import soundfile  # noqa: E402

from aitunes.datasets.folder import read_folder  # noqa: E402
from aitunes.experiments.scenarios import fma  # noqa: E402
from aitunes.features import AudioFeatures  # noqa: E402
from training.feature_preparation import PrepareOptions, prepare_tracks  # noqa: E402

FEATURES = AudioFeatures(22_050, 1024, 256, 40, 50.0, 11_025.0, frames=16)
KINDS = 100


def main() -> None:
    """Measure and print tables for benchmarks/RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--step", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        step(options.step[0], Path(options.step[1]), Path(options.step[2]))
        return
    print("| clips | prepare, MiB | s | ms a clip | read an epoch, MiB | s | ms a clip | features, MB |", flush=True)
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for count in options.clips:
        print(row(count), flush=True)
    efficiency(options.rounds)


def row(count: int) -> str:
    """One line of the table of memory."""
    with tempfile.TemporaryDirectory() as place:
        folder, store = Path(place) / "clips", Path(place) / "features"
        make_clips(folder, count)
        figures = []
        for name in ("prepare", "read"):
            command = [sys.executable, "-m", "benchmarks.scale", "--step", name, str(folder), str(store)]
            told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            figures.append(f"{told['MiB']:.0f} | {told['s']:.1f} | {1000 * told['s'] / count:.2f}")
        size = sum(path.stat().st_size for path in store.iterdir())
    return f"| {count:,} | {' | '.join(figures)} | {size / 1e6:.0f} |"


def make_clips(folder: Path, count: int) -> None:
    """Files of a second, a thousand in a folder."""
    rng = np.random.default_rng(0)
    for n in range(count):
        path = folder / f"{n // 1000:03d}" / f"{n:06d}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        if n < KINDS:
            soundfile.write(path, 0.2 * rng.standard_normal(22_050), 22_050)
        else:
            path.hardlink_to(folder / "000" / f"{n % KINDS:06d}.wav")


def step(name: str, folder: Path, store: Path) -> None:
    """One measurement in a process of its own; prints it."""
    begin = time.perf_counter()
    if name == "prepare":
        prepare_tracks(read_folder(folder), PrepareOptions(FEATURES), store, lambda done, total, seconds: None)
    else:
        read(store)
    most = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    print(json.dumps({"MiB": most / 1024, "s": time.perf_counter() - begin}))


def read(store: Path) -> None:
    """One epoch, as a training reads it."""
    from training.corpus import Part
    from training.feature_store import FeatureStore
    from training.loading import EpochBatches, loader
    from training.stored_patches import StoredPatches
    from training.texts import shared

    opened = FeatureStore(store)
    items = opened.items(False)
    patches, tracks = StoredPatches.of(opened, items), opened.track_of[items]
    part = Part(patches, shared(opened.labels, tracks), shared(opened.names, tracks), shards=patches.shard_of)
    seen = sum(len(S) for S, *_ in loader(part, EpochBatches.of(part, 64, 0)))
    if seen != len(items):
        raise SystemExit(f"{seen} patches were read, not {len(items)}")


def efficiency(rounds: int) -> None:
    """One worker against two, on forty tracks of half a minute."""
    with tempfile.TemporaryDirectory() as place:
        folder, rng = Path(place) / "clips", np.random.default_rng(0)
        folder.mkdir()
        soundfile.write(folder / "00.flac", 0.2 * rng.standard_normal((30 * 44_100, 2)), 44_100)
        for n in range(1, 40):
            (folder / f"{n:02d}.flac").hardlink_to(folder / "00.flac")
        tracks, best = read_folder(folder), {1: np.inf, 2: np.inf}
        cores = 0.0
        for n in range(rounds):
            for workers in best:
                begin, used = time.perf_counter(), time.process_time()
                options = PrepareOptions(fma.LOW_RESOLUTION, workers=workers)
                prepare_tracks(tracks, options, Path(place) / f"{n}-{workers}", lambda done, total, seconds: None)
                taken, used = time.perf_counter() - begin, time.process_time() - used
                if taken < best[workers]:
                    best[workers] = taken
                    cores = used / taken if workers == 2 else cores
    print(
        f"\none worker {best[1]:.2f} s, two {best[2]:.2f} s: efficiency {best[1] / best[2] / 2:.0%}; cores {cores:.2f}"
    )


if __name__ == "__main__":
    main()
