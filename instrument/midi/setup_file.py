"""Keeps a set-up of mappings in a file that a person edits, with its last good version beside it."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from aitunes.backed_up_file import BackedUpFile
from instrument.midi.setup import MAX_CHARACTERS, Setup

_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffd]")
"""Matches what no editor writes into TOML."""


class SetupFile:
    """Reads and writes the file of a set-up.

    What a person mistyped stays as it is, and mappings of the last good version count meanwhile. A file that is no text
    any more is put aside, and the last good version takes its place.

    Args:
        path: the file; there is none before something is learned.
        report: takes a sentence about a damaged file.
    """

    def __init__(self, path: Path, report: Callable[[str], None]) -> None:
        self._file: BackedUpFile[Setup] = BackedUpFile(
            path, 4 * MAX_CHARACTERS, SetupFormat(), "The MIDI mappings", report
        )

    def read(self) -> Setup:
        """Return the set-up; an empty one where there is no file.

        Raises:
            OSError: the system does not let it be read.
        """
        setup = self._file.read()
        if setup is None:
            return Setup()
        if not setup.faults:
            self._file.back_up(setup)
            return setup
        good = self._file.read_backup()
        return setup if good is None else Setup(setup.text, good.mappings)

    def write(self, setup: Setup) -> None:
        """Write the set-up, completely or not at all; where it has no faults, it is the last good version.

        Raises:
            OSError: it cannot be written; the older file still stands.
        """
        if setup.faults:
            self._file.write_alone(setup)
        else:
            self._file.write(setup)


class SetupFormat:
    """Tells a text with mistakes, which is a person's, from what is no text."""

    def parse(self, text: str) -> tuple[Setup, bool]:
        """Return the set-up, and whether it is text."""
        return Setup(text), _NO_TEXT.search(text) is None

    def merge(self, backup: Setup, rescued: Setup) -> Setup:
        """Take the backup."""
        return backup

    def dump(self, value: Setup) -> str:
        """Return the text as it is."""
        return value.text
