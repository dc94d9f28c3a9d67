"""Packs a release into one file, `name.aitunes`, and reads such files of strangers.

The file is a zip without compression, so that what it unpacks to is never larger than itself: the card first, then the
files that the card lists, and nothing else. The same release always gives the same bytes.
"""

from __future__ import annotations

import hashlib
import os
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, BinaryIO

from aitunes.atomic import replacing, sync_folder
from aitunes.errors import ReleaseError
from aitunes.release.card import ReleaseCard
from aitunes.release.files import MAX_CARD_BYTES, MAX_FILE_BYTES, MAX_RELEASE_BYTES, open_bounded
from aitunes.release.limits import MAX_FILES
from aitunes.release.reader import CARD, parse_card, read_card

ENDING = ".aitunes"
MAX_ARCHIVE_BYTES = MAX_RELEASE_BYTES + (2 << 20)

_CHUNK_BYTES = 1 << 20
_MAX_DIRECTORY_BYTES = 1 << 15
_END_OF_DIRECTORY, _END_BYTES = b"PK\x05\x06", 22
_EPOCH = (1980, 1, 1, 0, 0, 0)
_ENCRYPTED = 0x1
_DAMAGES = (
    *(zipfile.BadZipFile, EOFError, struct.error, NotImplementedError),
    *(ValueError, LookupError, RuntimeError, TypeError),  # zipfile's own, of names and numbers that are none
)

OpenFile = Callable[[str], IO[bytes]]
"""Opens one of a release's files by its plain name."""


def pack_release(folder: Path, path: Path) -> ReleaseCard:
    """Write a release as one file, each of its files compared with its hash; what the card does not list stays out.

    Raises:
        ReleaseError: the release is incomplete or not what its card says.
        OSError: the file cannot be written; an older one still stands.
    """
    card = read_card(folder)
    with replacing(path) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED, allowZip64=False) as archive:

        def add(name: str) -> IO[bytes]:
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system, entry.external_attr = 3, (stat.S_IFREG | 0o644) << 16
            return archive.open(entry, "w")

        with add(CARD) as entry:
            entry.write(card.to_json().encode())
        copy_files(card, folder_files(folder, card), add)
    return card


@contextmanager
def opened_archive(path: Path) -> Iterator[tuple[ReleaseCard, OpenFile]]:
    """Open a packed release: its card, and what opens the files that the card lists.

    Raises:
        ReleaseError: it is none, is damaged, or holds something that a packed release does not.
    """
    what = f"The file {path.name}"
    with open_bounded(path, MAX_ARCHIVE_BYTES, what) as stream:
        try:
            _check_end(stream, what)
            with zipfile.ZipFile(stream) as archive:
                entries = _entries(archive, what, os.fstat(stream.fileno()).st_size)
                with archive.open(entries[CARD]) as entry:
                    card = parse_card(_text(entry.read(MAX_CARD_BYTES + 1), what), path)
                _check_listed(entries, card, what)
                yield card, lambda name: archive.open(entries[name])
        except _DAMAGES as error:
            raise ReleaseError(f"{what} is damaged ({str(error)[:80]}). Fetch it again.") from error


def folder_files(folder: Path, card: ReleaseCard) -> OpenFile:
    """Return what opens the files of a release's folder: regular ones of bounded size, and no links."""

    def open_file(name: str) -> BinaryIO:
        what, path = f"{name} of the release {card.name}", folder / name
        if path.is_symlink():
            raise ReleaseError(f"{what} is a link. Put the file itself there.")
        return open_bounded(path, MAX_FILE_BYTES, what)

    return open_file


def unpack_files(card: ReleaseCard, open_file: OpenFile, folder: Path) -> None:
    """Write the files of a release into an empty folder, each compared with its hash, and wait until the disk has them.

    Raises:
        ReleaseError: a file is missing, too large, or not what the card says.
        OSError: one cannot be written.
    """
    copy_files(card, open_file, lambda name: (folder / name).open("xb"))
    (folder / CARD).write_text(card.to_json(), encoding="utf-8", newline="\n")
    for name in (CARD, *card.files):
        with (folder / name).open("rb+") as stream:  # Windows syncs only what is open for writing
            os.fsync(stream.fileno())
    sync_folder(folder)


def copy_files(card: ReleaseCard, open_file: OpenFile, create: OpenFile) -> None:
    """Copy every file that a card lists, chunk by chunk, within the bounds of a release.

    Raises:
        ReleaseError: a file is missing, too large, or not what the card says.
    """
    left = MAX_RELEASE_BYTES
    for name, expected in sorted(card.files.items()):
        digest, size, most = hashlib.sha256(), 0, min(left, MAX_FILE_BYTES)
        with open_file(name) as source, create(name) as sink:
            while chunk := source.read(_CHUNK_BYTES):
                size += len(chunk)
                if size > most:
                    raise ReleaseError(
                        f"{name} of the release {card.name} has more than the {most:,} bytes left to it."
                    )
                digest.update(chunk)
                sink.write(chunk)
        left -= size
        if digest.hexdigest() != expected:
            raise ReleaseError(
                f"{name} of the release {card.name} is not the file that was exported: its SHA-256 differs. "
                "Fetch it again."
            )


def _check_end(stream: BinaryIO, what: str) -> None:
    # zipfile reads a directory of any length before anybody can ask how long it is.
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - _END_BYTES))
    end = stream.read(_END_BYTES)
    if len(end) < _END_BYTES or end[:4] != _END_OF_DIRECTORY:
        raise ReleaseError(
            f"{what} is no release packed by `aitunes pack`, or its end is missing. Fetch it again; "
            "of something that was zipped by hand, unzip it and install the folder."
        )
    count, length = struct.unpack_from("<HI", end, 10)
    if count > MAX_FILES + 1 or length > _MAX_DIRECTORY_BYTES:
        raise ReleaseError(f"{what} holds {count:,} files; a release has at most {MAX_FILES + 1}.")


def _entries(archive: zipfile.ZipFile, what: str, size: int) -> dict[str, zipfile.ZipInfo]:
    found = archive.infolist()
    if not found or found[0].orig_filename != CARD:
        raise ReleaseError(
            f"{what} does not begin with {CARD}, so it is no release packed by `aitunes pack`; of a release that was "
            "zipped by hand, unzip it and install the folder."
        )
    for entry in found:
        name = entry.orig_filename
        if entry.flag_bits & _ENCRYPTED:
            raise ReleaseError(f"{what} is encrypted; ask for one without a password.")
        if entry.compress_type != zipfile.ZIP_STORED or entry.file_size != entry.compress_size:
            raise ReleaseError(f"{what} is compressed, which `aitunes pack` never does; ask for one that it wrote.")
        kind = entry.external_attr >> 16
        if entry.is_dir() or (stat.S_IFMT(kind) not in (0, stat.S_IFREG)):
            raise ReleaseError(f"{what} holds {name[:80]!r}, a folder or a link; a release has plain files alone.")
    if sum(entry.file_size for entry in found) > size or not all(0 <= entry.header_offset < size for entry in found):
        raise ReleaseError(f"{what} claims to hold more than it has bytes. Fetch it again.")
    if found[0].file_size > MAX_CARD_BYTES:
        raise ReleaseError(f"{what} has a card of more than {MAX_CARD_BYTES:,} bytes.")
    names = [entry.orig_filename for entry in found]
    if len({name.lower() for name in names}) < len(names):
        raise ReleaseError(f"{what} holds two files of one name, or of names that differ by case alone.")
    return dict(zip(names, found, strict=True))


def _check_listed(entries: dict[str, zipfile.ZipInfo], card: ReleaseCard, what: str) -> None:
    # The card's own names are plain ones, so a name that it does not list is the only way out of the folder.
    if strange := sorted(set(entries) - {CARD, *card.files}):
        raise ReleaseError(f"{what} holds {strange[0][:80]!r}, which its card does not list.")
    if missing := sorted(set(card.files) - set(entries)):
        raise ReleaseError(f"{what} is incomplete: {missing[0]} is missing. Fetch it again.")


def _text(content: bytes, what: str) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise ReleaseError(f"{what} has a card that is no text in UTF-8. Fetch it again.") from error
