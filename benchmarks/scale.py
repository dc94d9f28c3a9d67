"""Measures how preparation and reading grow with the corpus and with the workers, on this machine.

    python -m benchmarks.scale [--clips 1000 10000 100000] [--rounds 20]

Memory: clips of a second, a hundred different ones under as many names as there are clips (hard links), are
prepared with two threads, then read once through in a training's order with nothing kept in memory; the table has the
most that each process held, seconds of both, and the processors' seconds, because others use the machine too.
Processes: the last store, read once through by several processes that share the batches, one after the other; what
each asked its disk for, and the most that it held. Efficiency: the time of one worker over twice the time of two, each
the best of some rounds in turns; a loop in processes that share nothing tells what the machine gave at best.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[variable] = "1"  # before NumPy starts its threads

import numpy as np  # noqa: E402
import soundfile  # noqa: E402

from aitunes.datasets.folder import read_folder  # noqa: E402
from aitunes.experiments.scenarios import fma  # noqa: E402
from aitunes.features import AudioFeatures  # noqa: E402
from training.data.feature_preparation import PrepareOptions, prepare_tracks  # noqa: E402

if TYPE_CHECKING:
    from training.data.corpus import Part

FEATURES = AudioFeatures(22_050, 1024, 256, 40, 50.0, 11_025.0, frames=16)
KINDS = 100
BATCH = 64
PROCESSES = (1, 2, 4)


def main() -> None:
    """Measure and print tables for benchmarks/RESULTS.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clips", type=int, nargs="*", default=[1_000, 10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--step", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.step:
        step(options.step[0], Path(options.step[1]), Path(options.step[2]))
        return
    print(f"load average {os.getloadavg()[0]:.1f}\n")
    print("| clips | prepare, MiB | s | processor's s | read an epoch, MiB | s | processor's s | features, MB |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |", flush=True)
    shares: list[str] = []
    for count in options.clips:
        with tempfile.TemporaryDirectory() as place:
            folder, store = Path(place) / "clips", Path(place) / "features"
            make_clips(folder, count)
            print(row(count, folder, store), flush=True)
            if count == options.clips[-1]:
                shares = [share(folder, store, world) for world in PROCESSES]
    head = (
        "| processes | read by each, MB | by all, of the segments to train on | MiB each |\n| --- | --- | --- | --- |"
    )
    print("", head, *shares, sep="\n", flush=True)
    if options.rounds:
        efficiency(options.rounds)


def row(count: int, folder: Path, store: Path) -> str:
    """Return one line of the table of memory."""
    figures = []
    for name in ("prepare", "read"):
        told = measured(name, folder, store)
        figures.append(f"{told['MiB']:.0f} | {told['s']:.1f} | {told['processor']:.1f}")
    size = sum(path.stat().st_size for path in store.iterdir())
    return f"| {count:,} | {' | '.join(figures)} | {size / 1e6:.0f} |"


def share(folder: Path, store: Path, world: int) -> str:
    """Return one line of the table of processes."""
    told = [measured(f"{rank} of {world}", folder, store) for rank in range(world)]
    read = [one["MB"] for one in told]
    whole, most = sum(read) / told[0]["whole"], max(one["MiB"] for one in told)
    return f"| {world} | {min(read):.0f} to {max(read):.0f} | {whole:.3f} | {most:.0f} |"


def measured(name: str, folder: Path, store: Path) -> dict[str, float]:
    """Return what a step in a process of its own prints."""
    command = [sys.executable, "-m", "benchmarks.scale", "--step", name, str(folder), str(store)]
    told: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return told


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
    """Make one measurement in a process of its own and print it."""
    begin, used, told = time.perf_counter(), sum(os.times()[:4]), dict[str, float]()
    if name == "prepare":
        prepare_tracks(read_folder(folder), PrepareOptions(FEATURES), store, lambda done, total, seconds: None)
    elif name == "read":
        read(store)
    else:
        rank, world = map(int, name.split(" of "))
        told = read_share(store, rank, world)
    most = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    times = {"s": time.perf_counter() - begin, "processor": sum(os.times()[:4]) - used}
    print(json.dumps({"MiB": most / 1024, **times, **told}))


def read(store: Path) -> None:
    """Read one epoch, as a training does."""
    from training.data.loading import EpochBatches, loader

    part = stored_part(store)
    seen = sum(len(S) for S, *_ in loader(part, EpochBatches.of(part, BATCH, 0)))
    if seen != len(part):
        raise SystemExit(f"{seen} segments were read, not {len(part)}")


def read_share(store: Path, rank: int, world: int) -> dict[str, float]:
    """Return one epoch, as one of several processes reads it: MB that it asked its disk for, and of all segments."""
    from training.data.loading import EpochBatches, WindowBatches
    from training.data.stored_segments import StoredSegments, WindowReader

    part = stored_part(store)
    assert isinstance(part.S, StoredSegments)
    reader, before = WindowReader(part.S), bytes_read()
    for asked in WindowBatches(EpochBatches.of(part, BATCH, 0, rank, world)):
        reader.read(*asked)
    return {"MB": (bytes_read() - before) / 1e6, "whole": 4 * math.prod(part.S.shape) / 1e6}


def bytes_read() -> int:
    """Return the bytes that this process has asked the system for."""
    return int(Path("/proc/self/io").read_text().split()[1])  # rchar


def stored_part(store: Path) -> Part:
    """Return the data of a training, left on the disk."""
    from training.data.corpus import Part  # here and not above: PyTorch is no part of what prepare holds
    from training.data.feature_store import FeatureStore
    from training.data.stored_segments import StoredSegments
    from training.data.texts import shared

    opened = FeatureStore(store)
    segments = StoredSegments.of(opened, np.flatnonzero(~opened.tracks.held))
    labels, names = (shared(texts, segments.track_of) for texts in (opened.tracks.labels, opened.tracks.names))
    return Part(segments, labels, names, by_shard=segments.by_shard)


def efficiency(rounds: int) -> None:
    """Compare one worker with two, on sixteen tracks of half a minute, and the same of a loop that shares nothing."""
    best = dict.fromkeys([("prepare", 1), ("prepare", 2), ("loop", 1), ("loop", 2)], np.inf)
    with tempfile.TemporaryDirectory() as place:
        folder, rng = Path(place) / "clips", np.random.default_rng(0)
        folder.mkdir()
        soundfile.write(folder / "00.flac", 0.2 * rng.standard_normal((30 * 44_100, 2)), 44_100)
        for n in range(1, 16):
            (folder / f"{n:02d}.flac").hardlink_to(folder / "00.flac")
        tracks = read_folder(folder)
        for n in range(rounds):
            for workers in (1, 2):
                options = PrepareOptions(fma.LOW_RESOLUTION, workers=workers)
                begin = time.perf_counter()
                prepare_tracks(tracks, options, Path(place) / f"{n}-{workers}", lambda done, total, seconds: None)
                best["prepare", workers] = min(best["prepare", workers], time.perf_counter() - begin)
                best["loop", workers] = min(best["loop", workers], loop(workers))
    for name in ("prepare", "loop"):
        one, two = best[name, 1], best[name, 2]
        print(f"{name}: one worker {one:.3f} s, two {two:.3f} s, efficiency {one / two / 2:.0%}")


def loop(workers: int) -> float:
    """Seconds that as many processes take for one piece of arithmetic, shared out."""
    with ProcessPoolExecutor(workers) as pool:
        list(pool.map(count_to, [1] * workers))  # they are started
        begin = time.perf_counter()
        list(pool.map(count_to, [4_000_000 // workers] * workers))
        return time.perf_counter() - begin


def count_to(most: int) -> int:
    """Return a loop that needs nothing but a core."""
    total = 0
    for n in range(most):
        total += n
    return total


if __name__ == "__main__":
    main()
