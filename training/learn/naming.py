"""Chooses a release's name and folder, and finds out before the work whether it can be written there."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from aitunes.errors import ReleaseError, TrainingError, reason
from aitunes.file_names import is_device_name, spelled
from aitunes.release.bundled import BUNDLED
from aitunes.release.limits import is_release_name
from aitunes.release.reader import CARD, read_card

COMMAND = "aitunes-train learn"

_NEEDED_BYTES = 64 << 20
_MAX_NAME = 48


def check_writable(to: Path) -> None:
    """Find out whether releases can be written into a folder.

    Raises:
        TrainingError: it cannot be made or written, or its disk is full.
    """
    elsewhere = "Name another folder with --to, and play it with `aitunes play --releases FOLDER`."
    try:
        to.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".try-", dir=to):
            free = shutil.disk_usage(to).free
    except OSError as error:
        raise TrainingError(f"Releases cannot be written into {to}: {reason(error)}. {elsewhere}") from error
    if free < _NEEDED_BYTES:
        raise TrainingError(
            f"The disk that holds {to} is full: {free / 1e6:.0f} MB are free, {_NEEDED_BYTES / 1e6:.0f} MB are needed. "
            f"Make room there. {elsewhere}"
        )


def release_name(chosen: str | None, folder: Path, to: Path) -> str:
    """Return the name of the release: the chosen one, or one that the folder's gives and that is free.

    A release that was learnt from a folder of the same name is replaced by what is learnt from it now.

    Raises:
        TrainingError: the chosen name is no name, or belongs to another release.
    """
    data_name = spelled(folder.resolve().name)
    if chosen is not None:
        _check_chosen(chosen, to, data_name)
        return chosen
    stem = slug(data_name)
    numbered = (stem if n == 1 else f"{stem}-{n}" for n in range(1, 1_000))
    return next(name for name in numbered if _is_free(to / name, data_name))


def slug(text: str) -> str:
    """Return a release's name made of a folder's.

    >>> slug("My Sounds (2024)"), slug("Ütliberg"), slug("…"), slug("Con")
    ('my-sounds-2024', 'tliberg', 'my-sounds', 'my-con')
    """
    plain = re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-_")
    name = plain[:_MAX_NAME].rstrip("-_") or "my-sounds"
    return f"my-{name}" if is_device_name(name) else name


def _check_chosen(name: str, to: Path, data_name: str) -> None:
    if not is_release_name(name):
        raise TrainingError(
            f"A release's name is lower-case letters, digits, '-' and '_', and no device's; {name!r} is not."
        )
    if name in BUNDLED:
        raise TrainingError(f"{name} comes with AiTunes, and yours would hide it; choose another --name.")
    if not _is_free(to / name, data_name):
        raise TrainingError(f"{to / name} is something else already; choose another --name, or move it away.")


def _is_free(target: Path, data_name: str) -> bool:
    """True where nothing is, or a release that was learnt from a folder of this name."""
    if target.name in BUNDLED:
        return False
    if not target.exists():
        return True
    if not (target / CARD).is_file():
        return False
    try:
        record = read_card(target).training
    except ReleaseError:
        return False
    return record.data_name == data_name and record.command.startswith(COMMAND)
