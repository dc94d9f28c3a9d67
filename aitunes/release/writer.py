"""Writes a release: a folder that is valid or absent, never in between."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from aitunes.errors import ReleaseError
from aitunes.release.card import ReleaseCard
from aitunes.release.reader import CARD, read_release, sha256

_RETIRED = ".retired"
_SETTLED_SECONDS = 10.0
"""After these nobody is between the two renames, which take microseconds."""


def write_release(parent: Path, card: ReleaseCard, files: dict[str, bytes]) -> Path:
    """Write a release under its name, verified before it takes the place of an older one.

    Args:
        parent: folder of releases; made when missing.
        card: the card; the hashes it has are replaced by those of `files`.
        files: contents of every file but the card, by plain name.

    Returns:
        The release's folder, `parent / card.name`.

    Raises:
        ReleaseError: the release does not pass its own reader; what stood there before still stands.
    """
    with unfinished_release(parent, card.name) as fresh:
        _write_files(fresh, card, files)
        read_release(fresh)
        take_name(fresh, parent / card.name)
    return parent / card.name


@contextmanager
def unfinished_release(parent: Path, name: str) -> Iterator[Path]:
    """Make a folder of that name inside a hidden one; whatever is left of it vanishes as the context ends.

    Args:
        parent: folder of releases; made when missing.
        name: of the release to be.

    Raises:
        ReleaseError: something else has the name.
    """
    parent.mkdir(parents=True, exist_ok=True)
    target = parent / name
    if target.exists() and not (target / CARD).is_file():
        raise ReleaseError(f"{target} exists and is not a release; choose another name or move it away.")
    with tempfile.TemporaryDirectory(prefix=f".{name}-", dir=parent) as scratch:
        fresh = Path(scratch) / name
        fresh.mkdir()
        yield fresh


def take_name(fresh: Path, target: Path) -> None:
    """Put a finished folder in the place of a release; an older one vanishes with the scratch folder of the new one.

    Raises:
        OSError: it cannot be moved; what stood there before still stands.
    """
    retired = fresh.with_name(_RETIRED)
    if target.exists():
        target.rename(retired)
    try:
        fresh.rename(target)
    except OSError:
        if retired.exists():
            retired.rename(target)
        raise


def restore_interrupted(parent: Path) -> list[str]:
    """Give releases their folder back whose replacement was killed between taking the old one away and its end.

    Args:
        parent: folder of releases.

    Returns:
        A sentence for each.
    """
    sentences = []
    for retired in sorted(parent.glob(f".*-*/{_RETIRED}")):
        name = retired.parent.name[1:].rpartition("-")[0]
        target = parent / name
        if target.exists() or time.time() - retired.parent.stat().st_mtime < _SETTLED_SECONDS:
            continue
        fresh = retired.with_name(name)  # which was verified before the old one was taken away
        (fresh if fresh.exists() else retired).rename(target)
        sentences.append(f"The release {name} was being replaced when its writer was ended; it is back in {target}.")
    return sentences


def _write_files(folder: Path, card: ReleaseCard, files: dict[str, bytes]) -> None:
    # The card checks the names, so it comes first: a name with a path never reaches the disk.
    replace(card, files=dict.fromkeys(files, "0" * 64))
    for name, content in files.items():
        _write_through(folder / name, content)
    hashes = {name: sha256(folder / name) for name in sorted(files)}
    _write_through(folder / CARD, replace(card, files=hashes).to_json().encode())


def _write_through(path: Path, content: bytes) -> None:
    """Write a file, and wait until the disk has it: a power failure must not leave a renamed folder of empty files."""
    path.write_bytes(content)
    with path.open("rb+") as stream:  # Windows syncs only what is open for writing
        os.fsync(stream.fileno())
