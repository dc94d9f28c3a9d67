"""A shard as NumPy's file against one as HDF5: written, read whole, and all but a tenth of its tracks read.

    pip install h5py && python -m benchmarks.shard_formats [--rounds 5]

512 segments of 64 kB, 32 MiB, best of some rounds; reads come from the system's cache, so that the formats are compared
and not the disk.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from aitunes.experiments.scenarios import fma
from aitunes.remote_paths import write_whole
from training.data.feature_store import ShardFiles
from training.data.shards import shard_header

COUNT = 512


def main() -> None:
    """Measure and print a table for docs/decisions/0006-sharded-features.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    try:
        import h5py
    except ImportError:
        print("h5py is not installed; nothing to compare with.")
        return
    features = fma.LOW_RESOLUTION
    S = np.random.default_rng(0).random((COUNT, features.n_mels, features.frames), np.float32)
    rows = np.flatnonzero(np.arange(COUNT) // 20 % 10 != 3)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        shard = ShardFiles(folder, ("a.npy",), (COUNT,), features)

        def write_h5() -> None:
            with h5py.File(folder / "a.h5", "w") as file:
                file.create_dataset("S", data=S, chunks=(1, *S.shape[1:]))

        def read_h5(chosen: slice | np.ndarray) -> None:
            with h5py.File(folder / "a.h5") as file:
                file["S"][chosen]

        works: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
            "write": (lambda: write_whole(folder / "a.npy", [shard_header(COUNT, features), S.data]), write_h5),
            "read whole": (lambda: shard.read(0, np.arange(COUNT)), lambda: read_h5(slice(None))),
            "read nine tenths": (lambda: shard.read(0, rows), lambda: read_h5(rows)),
            "read one segment": (lambda: shard.read(0, rows[7:8]), lambda: read_h5(rows[7:8])),
        }
        print("| 32 MiB | .npy, ms | HDF5, ms |\n| --- | --- | --- |")
        for name, pair in works.items():
            print(f"| {name} | {' | '.join(f'{best(work, rounds):.2f}' for work in pair)} |")


def best(work: Callable[[], object], rounds: int) -> float:
    """Milliseconds."""
    taken = []
    for _ in range(rounds):
        begin = time.perf_counter()
        work()
        taken.append(time.perf_counter() - begin)
    return 1000 * min(taken)


if __name__ == "__main__":
    main()
