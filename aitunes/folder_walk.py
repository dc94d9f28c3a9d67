"""Walks through folders of other people's, however deep they are."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

MAX_DEPTH = 64
"""Limits how many folders may lie in each other."""


def walk_folders(root: Path, note_failure: Callable[[OSError], None]) -> Iterator[tuple[Path, list[str], list[str]]]:
    """Yield each folder, links to folders included, with the names of the folders and of the files in it.

    It goes into those folders that the caller leaves in the list, in their order. Python's own walk calls itself for
    each level, and fails for some thousand of them.

    Args:
        note_failure: takes why a folder is left out, with its path.
    """
    waiting = [(root, 0)]
    while waiting:
        folder, depth = waiting.pop()
        try:
            folders, names = _listed(folder)
        except OSError as error:
            note_failure(error)
            continue
        yield folder, folders, names
        if folders and depth == MAX_DEPTH:
            note_failure(OSError(errno.ELOOP, f"more than {MAX_DEPTH} folders lie in each other", str(folder)))
            continue
        waiting += [(folder / name, depth + 1) for name in reversed(folders)]


def _listed(folder: Path) -> tuple[list[str], list[str]]:
    folders, names = list[str](), list[str]()
    with os.scandir(folder) as entries:
        for entry in entries:
            try:
                is_folder = entry.is_dir()
            except OSError:  # a link that leads nowhere, say
                is_folder = False
            (folders if is_folder else names).append(entry.name)
    return folders, names
