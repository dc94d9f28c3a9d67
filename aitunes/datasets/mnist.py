"""Reads MNIST: 70,000 handwritten digits, 28 × 28 pixels, in idx files.

Reference:
    LeCun, Bottou, Bengio & Haffner, *Gradient-based learning applied to document recognition*, Proceedings of the
    IEEE 86(11), 1998.
"""

from __future__ import annotations

import gzip
import io
import math
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aitunes.bounded_files import read_bounded
from aitunes.datasets.folder import DataSetError, candidates, data_folder
from aitunes.datasets.items import Items, SplitItems

NAME = "MNIST"
LICENCE = "CC BY-SA 3.0, as it is usually given; its makers' page states none"
SOURCE = "https://ossci-datasets.s3.amazonaws.com/mnist/"
INPUT_SHAPE = (1, 28, 28)
_PARTS = ("train", "t10k")
_MAX_BYTES = 64 << 20
_BYTES = 0x08
"""Type code of idx for unsigned bytes, the only one that MNIST has."""


def read_mnist(data_dir: Path | None) -> SplitItems:
    """Read the published split: 60,000 digits to train on, 10,000 held out; [items, 1, 28, 28], 0..1.

    Args:
        data_dir: the folder that holds `train-images-idx3-ubyte` and its three like, each with or without `.gz`, or an
            `mnist…` folder that does; None takes `AITUNES_DATA`.

    Raises:
        DataSetError: a file is not there, no idx file, or does not fit its like.
    """
    root = data_folder(data_dir, NAME)
    folders = [folder for parent in candidates(root, "mnist") for folder in (parent, parent / "raw")]
    home = next((folder for folder in folders if _find(folder, "train-images-idx3-ubyte")), None)
    if home is None:
        raise DataSetError(
            f"MNIST is not in {root}. Get its four files (train-images-idx3-ubyte.gz and so on) from {SOURCE} and put "
            f"them into {root / 'mnist'}."
        )
    train, held_out = (_read_part(home, part) for part in _PARTS)
    return SplitItems(train, held_out)


def _read_part(home: Path, part: str) -> Items:
    paths = []
    for name in (f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte"):
        path = _find(home, name)
        if path is None:
            raise DataSetError(f"{home} lacks {name}.gz; get it from {SOURCE}.")
        paths.append(path)
    images, labels = (read_idx(path) for path in paths)
    if images.shape != (len(labels), 28, 28) or labels.ndim != 1:
        raise DataSetError(f"{paths[0]} and {paths[1]} do not fit: {list(images.shape)} and {list(labels.shape)}.")
    return Items(images[:, None].astype(np.float32) / 255.0, labels.astype(np.str_))


def _find(folder: Path, name: str) -> Path | None:
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.is_file()), None)


def _contents(path: Path) -> bytes:
    """Read a file, unpacked where its name says that it is packed, but no more than any of MNIST's has."""
    data = read_bounded(path, _MAX_BYTES)
    if path.suffix != ".gz":
        return data
    with gzip.open(io.BytesIO(data)) as stream:
        unpacked = stream.read(_MAX_BYTES + 1)
    if len(unpacked) > _MAX_BYTES:
        raise OSError(f"it unpacks to more than {_MAX_BYTES >> 20} MB")
    return unpacked


def read_idx(path: Path) -> NDArray[np.uint8]:
    """Read the array in an idx file of unsigned bytes, compressed by gzip if its name ends in `.gz`.

    The format: two zero bytes, a type code, the number of dimensions; each dimension, big-endian, 4 bytes; the values.

    Raises:
        DataSetError: it is no such file, or not whole.
    """
    try:
        contents = _contents(path)
    except (OSError, EOFError, zlib.error) as error:
        raise DataSetError(f"{path} is damaged ({error}); download it again from {SOURCE}.") from error
    header = 4 + 4 * contents[3] if len(contents) >= 4 else 4
    if len(contents) < header or contents[:3] != bytes((0, 0, _BYTES)):
        raise DataSetError(f"{path} is no idx file of unsigned bytes; download it again from {SOURCE}.")
    shape = [int(size) for size in np.frombuffer(contents[4:header], ">u4")]
    if len(contents) - header != math.prod(shape):
        raise DataSetError(f"{path} should hold {shape} values but has {len(contents) - header}; download it again.")
    return np.frombuffer(contents, np.uint8, offset=header).reshape(shape)
