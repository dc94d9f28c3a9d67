"""Reads CIFAR10: 60,000 photographs of ten kinds of things, 32 × 32 pixels, in Python's pickles.

A pickle may run any code that its maker liked. These are opened by an unpickler that knows arrays and the containers
of Python, and refuses everything else by name.

Reference:
    Krizhevsky, *Learning multiple layers of features from tiny images*, 2009.
"""

from __future__ import annotations

import _codecs
import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy._core.multiarray import _reconstruct
from typing_extensions import override

from aitunes.datasets.folder import DataSetError, candidates, data_folder
from aitunes.datasets.items import Items, SplitItems

NAME = "CIFAR10"
LICENCE = "none stated by its makers, who ask to be cited"
SOURCE = "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz"
INPUT_SHAPE = (3, 32, 32)
LABELS = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

_FOLDER = "cifar-10-batches-py"
_TRAIN = tuple(f"data_batch_{n}" for n in range(1, 6))
_TEST = "test_batch"

_KNOWN: dict[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): _codecs.encode,
}
"""All that a pickled array of bytes asks for, by Python 2 and 3, by NumPy 1 and 2."""


class RestrictedUnpickler(pickle.Unpickler):
    """Opens arrays, numbers, bytes, text, lists, tuples and dictionaries; anything else is an `UnpicklingError`."""

    @override
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _KNOWN:
            raise pickle.UnpicklingError(f"it asks for {module}.{name}, which is no part of a picture")
        return _KNOWN[module, name]


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
        batch = RestrictedUnpickler(io.BytesIO(path.read_bytes()), encoding="bytes").load()
        pictures, numbers = batch[b"data"], np.asarray(batch[b"labels"])
        if pictures.dtype != np.uint8 or pictures.shape != (len(numbers), 3 * 32 * 32):
            raise ValueError(f"its pictures are {pictures.dtype}, {list(pictures.shape)}")
        labels = np.asarray(LABELS)[numbers]
    except (
        pickle.UnpicklingError,
        EOFError,
        KeyError,
        IndexError,
        ValueError,
        TypeError,
        AttributeError,
        ImportError,
    ) as error:
        raise DataSetError(f"{path} is no batch of CIFAR10's pictures: {error}. Download {SOURCE} again.") from error
    return Items(pictures.reshape(-1, *INPUT_SHAPE).astype(np.float32) / 255.0, labels)
