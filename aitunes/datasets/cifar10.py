"""Reads CIFAR10: 60,000 photographs of ten kinds of things, 32 × 32 pixels, in Python's pickles.

A pickle may run any code that its maker liked. These are read by a parser of their steps, which runs none.

Reference:
    Krizhevsky, *Learning multiple layers of features from tiny images*, 2009.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from aitunes.bounded_files import read_bounded
from aitunes.datasets.folder import DataSetError, candidates, data_folder
from aitunes.datasets.items import Items, SplitItems
from aitunes.datasets.plain_pickle import read_plain_pickle

NAME = "CIFAR10"
LICENCE = "none stated by its makers, who ask to be cited"
SOURCE = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
INPUT_SHAPE = (3, 32, 32)
LABELS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

_FOLDER = "cifar-10-batches-py"
_TRAIN = tuple(f"data_batch_{n}" for n in range(1, 6))
_TEST = "test_batch"

_MAX_BYTES = 64 << 20


def read_cifar10(data_dir: Path | None) -> SplitItems:
    """Read the published split: 50,000 pictures to train on, 10,000 held out; [items, 3, 32, 32], 0..1.

    Args:
        data_dir: the folder that holds `cifar-10-batches-py`, or a `cifar…` folder that does or is it; None takes
            `AITUNES_DATA`.

    Raises:
        DataSetError: a file is not there, or is no batch of pictures.
    """
    root = data_folder(data_dir, NAME)
    folders = [folder for parent in candidates(root, "cifar") for folder in (parent, parent / _FOLDER)]
    home = next((folder for folder in folders if (folder / _TEST).is_file()), None)
    if home is None:
        raise DataSetError(f"CIFAR10 is not in {root}. Get {SOURCE} and unpack it there.")
    missing = [name for name in _TRAIN if not (home / name).is_file()]
    if missing:
        raise DataSetError(f"{home} lacks {', '.join(missing)}; get {SOURCE} and unpack it again.")
    parts = [read_batch(home / name) for name in _TRAIN]
    train = Items(np.concatenate([part.S for part in parts]), np.concatenate([part.labels for part in parts]))
    return SplitItems(train, read_batch(home / _TEST))


def read_batch(path: Path) -> Items:
    """Read the pictures of one file.

    Raises:
        DataSetError: it is no such file, or one that asks for more than arrays and containers.
    """
    try:
        batch = read_plain_pickle(read_bounded(path, _MAX_BYTES))
        pictures, numbers = batch[b"data"], np.asarray(batch[b"labels"])
        if not isinstance(pictures, np.ndarray) or pictures.shape != (len(numbers), 3 * 32 * 32):
            raise ValueError("its pictures and labels do not fit")
        labels = np.asarray(LABELS)[numbers]
    except (
        OSError,
        KeyError,
        IndexError,
        ValueError,
        TypeError,
        AttributeError,
        OverflowError,
        RecursionError,
    ) as error:
        raise DataSetError(f"{path} is no batch of CIFAR10's pictures: {error}. Download {SOURCE} again.") from error
    return Items(pictures.reshape(-1, *INPUT_SHAPE).astype(np.float32) / 255.0, labels)
