"""Records the files that a store was made of, and says which of them have changed since."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from aitunes.bounded_files import open_regular, read_bounded
from aitunes.datasets.folder import Track
from aitunes.remote_paths import is_remote, write_whole

_LINES = 4_096
_MAX_BYTES = 1 << 28
_PIECE_BYTES = 1 << 18
DIGEST_BYTES = 16
_TELLS_TOUCHED = os.name != "nt"
"""Says whether the system tells when anything of a file changed last; nobody can set that time."""
_MAX_READ_UNTOLD = 1 << 20
"""Bytes of a file that is read whole where nothing tells: whole libraries of sounds would take minutes."""

Stamp = tuple[int, int, int, str]
"""Bytes of a file, when its contents and when anything of it changed last, and `hash_of_file`, hexadecimal."""


def write_sources(store: Path, tracks: Sequence[Track], stamps: NDArray[np.int64], files: NDArray[np.uint8]) -> str:
    """Write what every file is, a line of JSON each; returns the list's name in the store.

    Args:
        stamps: see `training.data.shards.Plans`.
        files: `hash_of_file` of each, [tracks, DIGEST_BYTES].
    """
    lines = list(_pieces(tracks, stamps, files))  # some tens of bytes a file
    digest = hashlib.sha256()
    for piece in lines:
        digest.update(piece)
    name = f"sources-{digest.hexdigest()[:16]}.txt"
    write_whole(store / name, lines)
    return name


def _pieces(tracks: Sequence[Track], stamps: NDArray[np.int64], files: NDArray[np.uint8]) -> Iterator[bytes]:
    for start in range(0, len(tracks), _LINES):
        rows = [
            json.dumps([*stamps[n].tolist(), files[n].tobytes().hex(), tracks[n].name])
            for n in range(start, min(start + _LINES, len(tracks)))
        ]
        yield "".join(f"{row}\n" for row in rows).encode()


def hash_of_file(path: Path) -> bytes:
    """Hash all of a file on a disk, [DIGEST_BYTES]; zeros where it cannot be read, or lies in an object store."""
    if is_remote(path):
        return bytes(DIGEST_BYTES)
    try:
        with open_regular(path) as file:
            digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
            while piece := file.read(_PIECE_BYTES):
                digest.update(piece)
            return digest.digest()
    except OSError:
        return bytes(DIGEST_BYTES)


def describe_changes(path: Path, tracks: Sequence[Track]) -> str:
    """Say how files differ from those that a store was made of; "" where they do not, or nothing is known.

    Args:
        path: of the list that `write_sources` wrote.
        tracks: as they are now, on a disk.
    """
    try:
        lines = read_bounded(path, _MAX_BYTES).decode().split("\n")  # names may hold other ends of lines
        recorded = dict(map(_parse, filter(None, lines)))
    except (OSError, ValueError, TypeError, RecursionError):
        return ""
    new = changed = same = 0
    for track in tracks:
        before = recorded.get(track.name)
        if before is None:
            new += 1
            continue
        differs = not is_remote(track.path) and _differs(track.path, before)
        changed, same = changed + differs, same + (not differs)
    gone = len(recorded) - changed - same
    counts = [f"{count} {kind}" for count, kind in ((new, "new"), (changed, "changed"), (gone, "gone")) if count]
    return ", ".join(counts)


def _parse(line: str) -> tuple[str, Stamp]:
    if line[0] != "[":  # as older stores have it
        size, changed, name = line.split(" ", 2)
        return name, (int(size), int(changed), 0, "")
    size, changed, touched, digest, name = json.loads(line)
    if not isinstance(name, str):
        raise TypeError(f"{name!r:.40} is no name")
    return name, (size, changed, touched, digest)


def _differs(path: Path, before: Stamp) -> bool:
    size, changed, touched, digest = before
    try:
        stat = path.stat()
    except OSError:
        return True
    if (stat.st_size, stat.st_mtime_ns) != (size, changed):
        return True
    # Programs that edit tags can keep both; only files that were touched are read, such as those of a copied folder.
    if not isinstance(digest, str) or len(digest) != 2 * DIGEST_BYTES:  # of older stores, whose hashes are others
        return False
    if (stat.st_ctime_ns == touched) if _TELLS_TOUCHED else size > _MAX_READ_UNTOLD:
        return False
    return hash_of_file(path).hex() != digest
