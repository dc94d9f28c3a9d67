"""Locates a user's files; `AITUNES_HOME` moves all of them."""

from __future__ import annotations

from pathlib import Path

from aitunes.errors import AiTunesError
from aitunes.file_names import is_device_name
from aitunes.home import HOME_VARIABLE, home, user_releases

__all__ = [
    "HOME_VARIABLE",
    "PathError",
    "anchors",
    "bundled_releases",
    "gestures",
    "home",
    "midi_setup",
    "osc_token",
    "plain_name",
    "recordings",
    "snapshots",
    "user_releases",
]

_MAX_CHARACTERS = 120
_MAX_BYTES = 200  # file systems allow 255, and an unfinished file's name is longer than its own


class PathError(AiTunesError):
    """A name that is no plain name, or a folder that cannot be used."""


def bundled_releases() -> Path:
    """Releases that come with the package."""
    return Path(__file__).parent.parent / "releases"


def recordings() -> Path:
    """Recordings of the output."""
    return home() / "recordings"


def anchors() -> Path:
    """Sounds that were put on the pad, a file a release."""
    return home() / "anchors"


def snapshots() -> Path:
    """Return the file of snapshots."""
    return home() / "snapshots.json"


def gestures() -> Path:
    """Gestures, a score each."""
    return home() / "gestures"


def midi_setup(name: str) -> Path:
    """Return the file of a set-up of MIDI mappings.

    Raises:
        PathError: the name is no plain name.
    """
    return home() / "midi" / f"{plain_name(name)}.toml"


def osc_token() -> Path:
    """Return the file of the token that logs in a TCP connection."""
    return home() / "osc-token"


def plain_name(name: str) -> str:
    """Return the name, if it cannot leave the folder it belongs to.

    Raises:
        PathError: it is empty, hidden, too long, a device's on Windows, or has a path or a control character in it.
    """
    forbidden = set('/\\:*?"<>|')
    if not name or name.startswith(".") or not name.isprintable() or forbidden & set(name):
        raise PathError(f"{name[:_MAX_CHARACTERS]!r} is not a plain file name")
    if len(name) > _MAX_CHARACTERS or len(name.encode()) > _MAX_BYTES:
        raise PathError(f"{name[:_MAX_CHARACTERS]!r} is not a plain file name: it is too long")
    if is_device_name(name):
        raise PathError(f"{name!r} is not a plain file name: it is a device's on Windows; choose another")
    return name
