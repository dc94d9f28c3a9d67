"""Installs releases from files, folders and the web, and removes them: whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from aitunes.errors import ReleaseError, reason
from aitunes.release.archive import ENDING, MAX_ARCHIVE_BYTES, OpenFile, folder_files, opened_archive, unpack_files
from aitunes.release.card import ReleaseCard
from aitunes.release.files import bounded_sha256
from aitunes.release.motion import read_motion
from aitunes.release.reader import CARD, read_card, read_landmarks
from aitunes.release.side import read_side
from aitunes.release.writer import take_name, unfinished_release
from instrument.storage.fetching import fetch, is_url
from instrument.storage.origins import ORIGIN, Origin, write_origin
from instrument.storage.release_index import Listed

Trial = Callable[[Path, str], None]
"""Tries one part, "decoder" or "encoder", of the release in a folder; raises ReleaseError."""


@dataclass(frozen=True)
class Wishes:
    """Says under which name a release is installed.

    Args:
        name: another name than its own; empty keeps its own.
        replace: whether it may take the place of another release of that name.
        beside: whether it gets a number where the name is taken.
    """

    name: str = ""
    replace: bool = False
    beside: bool = False


@dataclass(frozen=True)
class Installed:
    """Tells what came of an installation: the release's card, its folder, and whether it stood there already."""

    card: ReleaseCard
    folder: Path
    was_there: bool = False


class Installer:
    """Installs into one folder of releases.

    Args:
        releases: the folder; made when missing.
        bundled: the folder of those that come with the package, whose names stay theirs.
        trial: tries a release in a process of its own.
    """

    def __init__(self, releases: Path, bundled: Path, trial: Trial) -> None:
        self._releases, self._bundled, self._trial = releases, bundled, trial

    def install(self, source: str, wishes: Wishes, listed: Listed | None = None) -> Installed:
        """Install from a file, a folder or a URL.

        Args:
            listed: what an index says of it, which must be so.

        Raises:
            AiTunesError: it cannot be fetched or used, or its name is taken; nothing of it is left.
            OSError: the disk refuses.
        """
        with self._opened(source, listed) as (card, open_file, digest):
            if listed is not None and card.name != listed.name:
                raise ReleaseError(f"The index lists {listed.name} there, but the file holds {card.name}.")
            if ORIGIN in card.files:
                raise ReleaseError(f"{card.name} has a file {ORIGIN}, a name that AiTunes keeps for itself.")
            present = self._present(card)
            if present is not None and not (wishes.name or wishes.replace):
                return Installed(card, present, was_there=True)
            card = replace(card, name=wishes.name or card.name)  # which checks the name
            card = replace(card, name=self._free_name(card.name, wishes))
            with unfinished_release(self._releases, card.name) as fresh:
                unpack_files(card, open_file, fresh)
                self._check(fresh, card)
                write_origin(fresh, Origin(_absolute(source), digest, date.today().isoformat()))
                take_name(fresh, self._releases / card.name)
        return Installed(card, self._releases / card.name)

    def _check(self, folder: Path, card: ReleaseCard) -> None:
        for part in ("decoder", "encoder"):
            self._trial(folder, part)
        read_landmarks(folder, card)
        read_motion(folder, card)
        read_side(folder, card)

    def _present(self, card: ReleaseCard) -> Path | None:
        """Return the folder of the same release, where it is installed under its name already."""
        for folder in (self._releases / card.name, self._bundled / card.name):
            with suppress(ReleaseError):
                if read_card(folder) == card:
                    return folder
        return None

    def _free_name(self, name: str, wishes: Wishes) -> str:
        reserved = (self._bundled / name).exists()
        if not reserved and (wishes.replace or not (self._releases / name).exists()):
            return name
        if wishes.beside:
            numbered = (f"{name[:60]}-{number}" for number in range(2, 1_000))
            return next(other for other in numbered if not (self._releases / other).exists())
        if reserved:
            raise ReleaseError(
                f"A release named {name} comes with AiTunes; `--name OTHER` installs this one beside it."
            )
        raise ReleaseError(
            f"Another release named {name} is installed already; `--name OTHER` installs this one beside it, "
            "`--replace` in its place."
        )

    @contextmanager
    def _opened(self, source: str, listed: Listed | None) -> Iterator[tuple[ReleaseCard, OpenFile, str]]:
        if is_url(source):
            # Beside the releases, because there is room for it and a temporary folder may lie in memory.
            self._releases.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(prefix=".fetched-", dir=self._releases) as scratch:
                path = Path(scratch) / "fetched.aitunes"
                with path.open("xb") as stream:
                    fetch(source, stream, listed.bytes if listed else MAX_ARCHIVE_BYTES)
                with self._opened(str(path), listed) as opened:
                    yield opened
            return
        path = Path(source).expanduser()
        if path.is_dir():
            card = read_card(path)
            yield card, folder_files(path, card), ""
            return
        if not os.path.lexists(path):
            raise ReleaseError(
                f"{path} does not exist; give a file that ends in {ENDING}, a release's folder or a URL."
            )
        digest = bounded_sha256(path, MAX_ARCHIVE_BYTES, f"The file {path.name}")
        if listed is not None and (digest, path.stat().st_size) != (listed.sha256, listed.bytes):
            raise ReleaseError(
                f"{listed.file} is not the file that the index lists: its size or SHA-256 differs. "
                "Nothing was installed; tell whoever keeps the index."
            )
        with opened_archive(path) as (card, open_file):
            yield card, open_file, digest


def remove_release(folder: Path) -> None:
    """Delete a release's folder at once: it has lost its name before anything in it is deleted.

    Raises:
        ReleaseError: it holds files that do not belong to the release.
        OSError: the disk refuses.
    """
    card = read_card(folder)
    own = {CARD, ORIGIN, *card.files}
    if others := sorted(path.name for path in folder.iterdir() if path.name not in own):
        raise ReleaseError(
            f"{folder} also holds {others[0]!r}, which is not of the release {card.name}; move it away first."
        )
    doomed = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        folder.rename(doomed / folder.name)
        shutil.rmtree(doomed)
    except OSError as error:
        raise ReleaseError(f"{folder} cannot be removed: {reason(error)}.") from error


def file_digest(path: Path) -> str:
    """Return a file's SHA-256 in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _absolute(source: str) -> str:
    return source if is_url(source) else str(Path(source).expanduser().resolve())
