"""Reads arrays from `.npz` files of strangers: plain numbers and text of bounded size, or a sentence."""

from __future__ import annotations

import io
import math
import re
import struct
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from aitunes.errors import ReleaseError
from aitunes.release.files import MAX_MAP_BYTES, read_bounded

_MAX_MEMBERS = 64
_MAX_DIRECTORY_BYTES = 1 << 16
_MAX_HEADER_BYTES = 1 << 12
_MAX_NUMBER = 1e9
"""Largest magnitude of a number in a file; far beyond any code, position or pitch."""

_MAGIC = b"\x93NUMPY"
# numpy reads headers as Python expressions; what its own `save` writes fits this one.
_HEADER = re.compile(
    r"\{'descr': '([<>|=][fiub]\d{1,2}|[<>|=]U\d{1,4})', "
    r"'fortran_order': (False|True), 'shape': \(((?:\d{1,15}, ?)*(?:\d{1,15})?,?)\), *\} *\n?"
)
_ITEM_BYTES = {"f": (2, 4, 8), "i": (1, 2, 4, 8), "u": (1, 2, 4, 8), "b": (1,)}
_END_OF_DIRECTORY = b"PK\x05\x06"
_ZIP64_LOCATOR = b"PK\x06\x07"


@dataclass(frozen=True)
class ArraySpec:
    """Says what an array must be.

    Args:
        kinds: numpy's letters of the types that may be: "f" floats, "iu" whole numbers, "b" booleans, "U" text.
        ndim: dimensions.
        max_items: most items along the first dimension.
    """

    kinds: str
    ndim: int
    max_items: int = 1_000_000


def read_arrays(
    path: Path, specs: Mapping[str, ArraySpec], max_bytes: int = MAX_MAP_BYTES, what: str = "The file"
) -> dict[str, NDArray[Any]]:
    """Read the named arrays of a `.npz` file, stored or compressed; other arrays in it are not looked at.

    Args:
        path: the file.
        specs: what each array must be, by its name.
        max_bytes: most bytes of the file, and of all arrays together once they are unpacked.
        what: begins the sentence of a refusal, such as "The map of first-light".

    Raises:
        ReleaseError: the file is missing, too large, damaged, or an array is missing or not what it must be.
    """
    content = read_bounded(path, max_bytes, what)
    try:
        return _arrays(content, specs, max_bytes)
    except ReleaseError as error:
        raise ReleaseError(f"{what} cannot be read: {error}") from error
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, ValueError, KeyError) as error:
        raise ReleaseError(f"{what} cannot be read: it is damaged ({str(error)[:80]}). Copy it again.") from error
    except (RuntimeError, OverflowError, struct.error, AttributeError, MemoryError) as error:
        raise ReleaseError(f"{what} cannot be read: it is no .npz file that AiTunes writes.") from error


def _arrays(content: bytes, specs: Mapping[str, ArraySpec], max_bytes: int) -> dict[str, NDArray[Any]]:
    _check_directory(content)
    arrays: dict[str, NDArray[Any]] = {}
    left = max_bytes
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {member.filename: member for member in archive.infolist()}
        for name, spec in specs.items():
            member = members.get(f"{name}.npy")
            if member is None:
                raise ReleaseError(f"it has no array {name}.")
            if member.file_size > left:
                raise ReleaseError(f"its array {name} is larger than the {max_bytes:,} bytes that are read.")
            with archive.open(member) as stream:
                data = stream.read(left + 1)
            if len(data) > left:
                raise ReleaseError(f"its array {name} is larger than the {max_bytes:,} bytes that are read.")
            left -= len(data)
            arrays[name] = _array(data, name, spec)
    return arrays


def _check_directory(content: bytes) -> None:
    # zipfile reads a directory of any length before anybody can ask how long it is.
    end = content.rfind(_END_OF_DIRECTORY)
    if end < 0 or len(content) < end + 22:
        raise ReleaseError("it is no .npz file, or the end of it is missing. Copy it again.")
    members, size = struct.unpack_from("<HI", content, end + 10)
    if members > _MAX_MEMBERS or size > _MAX_DIRECTORY_BYTES or content[max(0, end - 20) : end][:4] == _ZIP64_LOCATOR:
        raise ReleaseError(f"it holds more than {_MAX_MEMBERS} arrays.")


def _array(data: bytes, name: str, spec: ArraySpec) -> NDArray[Any]:
    dtype, fortran_order, shape, start = _header(data, name)
    if dtype.kind not in spec.kinds or len(shape) != spec.ndim:
        raise ReleaseError(
            f"its array {name} has the type {dtype.str} and {len(shape)} dimensions; "
            f"{spec.ndim} dimensions of type {' or '.join(spec.kinds)} were expected."
        )
    if shape and shape[0] > spec.max_items:
        raise ReleaseError(f"its array {name} has {shape[0]:,} items; at most {spec.max_items:,} are read.")
    if math.prod(shape) * dtype.itemsize != len(data) - start:
        raise ReleaseError(f"its array {name} is cut or has bytes too many. Copy it again.")
    if dtype.itemsize == 0 or math.prod(shape) == 0:
        return np.zeros(shape, dtype)
    values = np.frombuffer(data, dtype, offset=start)
    _check_values(values, name)
    return values.reshape(shape, order="F" if fortran_order else "C").copy()


def _header(data: bytes, name: str) -> tuple[np.dtype[Any], bool, tuple[int, ...], int]:
    refusal = ReleaseError(f"its array {name} has a header that AiTunes does not write. Export it again.")
    if data[:6] != _MAGIC or len(data) < 12 or data[6] not in (1, 2, 3):
        raise refusal
    begin, form = (10, "<H") if data[6] == 1 else (12, "<I")
    (length,) = struct.unpack_from(form, data, 8)
    if length > _MAX_HEADER_BYTES:
        raise refusal
    found = _HEADER.fullmatch(data[begin : begin + length].decode("latin-1"))
    if found is None:
        raise refusal
    descr, order, numbers = found.groups()
    kind, size = descr[1], int(descr[2:])
    if kind != "U" and size not in _ITEM_BYTES[kind]:
        raise refusal
    shape = tuple(int(number) for number in numbers.replace(" ", "").split(",") if number)
    return np.dtype(descr), order == "True", shape, begin + length


def _check_values(values: NDArray[Any], name: str) -> None:
    if values.dtype.kind == "f" and not (np.abs(values.astype(np.float64)) <= _MAX_NUMBER).all():  # false for NaN too
        raise ReleaseError(f"its array {name} has values that are no numbers, or beyond ±{_MAX_NUMBER:g}.")
    if values.dtype.kind == "U":
        letters = values.view(np.uint32 if values.dtype.isnative else np.dtype(np.uint32).newbyteorder())
        if ((letters > 0x10FFFF) | ((letters >= 0xD800) & (letters < 0xE000))).any():
            raise ReleaseError(f"its array {name} has text that is none.")
