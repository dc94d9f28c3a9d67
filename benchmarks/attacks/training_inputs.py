"""Reads what the trainer takes from other people: records of runs, prepared features, and sounds to learn from."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from aitunes.errors import AiTunesError
from aitunes.features import AudioFeatures
from training.data.feature_store import INDEX, FeatureStore, StoreCard, TrackTable, write_index
from training.data.shards import shard_header
from training.fit.run_record import RECORD, RunRecord, read_record
from training.learn.listing import list_folder
from training.learn.sounds import read_header, read_stretches

_FEATURES = AudioFeatures(44_100, n_fft=512, hop_length=128, n_mels=4, frames=2)


class Store:
    """Keeps prepared features of two tracks, whose index or table is replaced by something damaged.

    Args:
        folder: is made.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder
        whole = (np.array(values) for values in ([True, False], [1, 2], [0, 0], [0, 1]))
        names, labels = (np.array(texts, np.dtypes.StringDType()) for texts in (["a.wav", "b.wav"], ["x", "y"]))
        (folder / "0.npy").write_bytes(shard_header(3, _FEATURES) + bytes(4 * 3 * 4 * 2))
        write_index(folder, StoreCard("n", "CC0", _FEATURES, 0, 0.1), TrackTable(names, labels, *whole), [("0.npy", 3)])
        self.index = (folder / INDEX).read_bytes()
        self._table_path = folder / json.loads(self.index)["tracks"]
        self.table = self._table_path.read_bytes()

    def read_index(self, content: bytes) -> None:
        """Open it with another index."""
        (self._folder / INDEX).write_bytes(content)
        self._read()

    def read_table(self, content: bytes) -> None:
        """Open it with another table."""
        (self._folder / INDEX).write_bytes(self.index)
        other = self._folder / "other.npy"
        other.write_bytes(content)
        other.replace(self._table_path)  # what is mapped into memory is not cut
        try:
            self._read()
        finally:
            other.write_bytes(self.table)
            other.replace(self._table_path)

    def _read(self) -> None:
        store = FeatureStore(self._folder)
        store.shards.read(0, np.arange(min(2, store.shards.counts[0])))


def run_record() -> bytes:
    """Return the record of a run."""
    return json.dumps(asdict(RunRecord("folder", "low-dim8", 1.7e9, 77, 1.7e9, 10, data={"seed": 1}))).encode()


def read_run(scratch: Path, content: bytes) -> None:
    """Read a record; what is damaged is none."""
    (scratch / RECORD).write_bytes(content)
    if read_record(scratch) is None:
        raise AiTunesError("It is no record.")


def read_sound_to_learn(path: Path) -> None:
    """Read a sound as `aitunes-train learn` does, its second second as well."""
    for file in list_folder(path).files:
        read_header(file)
        for stretch in read_stretches(file, (0.0, 0.03), 22_050, 0.05):
            assert np.isfinite(stretch.y).all()
