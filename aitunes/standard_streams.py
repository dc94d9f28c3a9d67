"""Keeps what a command prints from failing it: letters that a terminal lacks, and readers that have gone."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress


def accept_any_letter() -> None:
    """Print "?" for a letter that the terminal or the file behind it does not have, instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def drop_output() -> None:
    """Forget what could not be printed, or the interpreter would try it once more at its end."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        with suppress(OSError, ValueError), open(os.devnull, "wb") as nowhere:  # noqa: PTH123  no path
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
