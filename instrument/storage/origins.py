"""Notes where an installed release came from, in a file of its folder that its card does not list."""

from __future__ import annotations

import contextlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path

from aitunes.atomic import write_text
from aitunes.errors import ReleaseError
from aitunes.release.files import read_bounded
from instrument.storage import paths

ORIGIN = "origin.json"
_MAX_BYTES = 1 << 13
_MAX_CHARACTERS = 1_000


@dataclass(frozen=True)
class Origin:
    """Tells where a release came from.

    Args:
        source: the URL, file or folder.
        sha256: of the packed file; empty for a folder.
        date: of the installation, such as 2026-11-26.
    """

    source: str
    sha256: str
    date: str


def write_origin(folder: Path, origin: Origin) -> None:
    """Write the note into a release's folder.

    Raises:
        OSError: it cannot be written.
    """
    write_text(folder / ORIGIN, json.dumps(asdict(origin), indent=1) + "\n")


def origin_of(folder: Path) -> str:
    """Return where a release came from, in a few words."""
    if folder.parent == paths.bundled_releases():
        return "comes with AiTunes"
    with contextlib.suppress(ReleaseError, ValueError, KeyError, TypeError, RecursionError):
        note = json.loads(read_bounded(folder / ORIGIN, _MAX_BYTES, "The note"))
        return f"from {str(note['source'])[:_MAX_CHARACTERS]}, {str(note['date'])[:10]}"
    return "made or copied here"
