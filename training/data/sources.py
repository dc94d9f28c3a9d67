"""Records the files that a store was made of, and says which of them have changed since."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from aitunes.bounded_files import read_bounded
from aitunes.datasets.folder import Track
from aitunes.remote_paths import is_remote, write_whole

_LINES = 4_096
_MAX_BYTES = 1 << 28


def write_sources(store: Path, tracks: Sequence[Track], sizes: Sequence[int], changed: Sequence[int]) -> str:
    """Write name, size and time of change of every file, a line each; returns the list's name in the store."""
    digest = hashlib.sha256()
    for piece in _pieces(tracks, sizes, changed):
        digest.update(piece)
    name = f"sources-{digest.hexdigest()[:16]}.txt"
    write_whole(store / name, _pieces(tracks, sizes, changed))
    return name


def _pieces(tracks: Sequence[Track], sizes: Sequence[int], changed: Sequence[int]) -> Iterator[bytes]:
    for start in range(0, len(tracks), _LINES):
        numbers = range(start, min(start + _LINES, len(tracks)))
        yield "".join(f"{sizes[n]} {changed[n]} {tracks[n].name}\n" for n in numbers).encode()


def describe_changes(path: Path, tracks: Sequence[Track]) -> str:
    """Say how files differ from those that a store was made of; "" where they do not, or nothing is known.

    Args:
        path: of the list that `write_sources` wrote.
        tracks: as they are now, on a disk.
    """
    try:
        lines = read_bounded(path, _MAX_BYTES).decode().splitlines()
        recorded = {name: (int(size), int(time)) for size, time, name in (line.split(" ", 2) for line in lines)}
    except (OSError, ValueError):
        return ""
    new = changed = same = 0
    for track in tracks:
        before = recorded.get(track.name)
        if before is None:
            new += 1
            continue
        stat = None if is_remote(track.path) else track.path.stat()
        differs = stat is not None and before != (stat.st_size, stat.st_mtime_ns)
        changed, same = changed + differs, same + (not differs)
    gone = len(recorded) - changed - same
    counts = [f"{count} {kind}" for count, kind in ((new, "new"), (changed, "changed"), (gone, "gone")) if count]
    return ", ".join(counts)
