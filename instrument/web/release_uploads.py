"""Installs packed releases that a page brings: piece by piece into a temporary file, then in a process of its own."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from aitunes.errors import reason
from aitunes.printable import printable
from aitunes.release.archive import ENDING, MAX_ARCHIVE_BYTES
from aitunes.release.processes import own_process
from instrument.web.problems import ProblemError
from instrument.web.sound_uploads import safe_name
from instrument.web.workers import kill_worker, start_worker

_SPARE_BYTES = 64 << 20
_SECONDS = 600.0
_NO_RESULT = "It could not be installed; `aitunes install` in a terminal says why."


class ReleaseUploads:
    """Keeps the one release that is being brought; the next one takes its place.

    Args:
        command: the program and its words before those of `install`; None takes this package.
        within: folder for the temporary one; by default the system's.
    """

    def __init__(self, command: Sequence[str] | None = None, within: Path | None = None) -> None:
        self._command = command
        self._within = within
        self._id, self._size = "", 0
        self._home: Path | None = None
        self._file = Path()
        self._process: asyncio.subprocess.Process | None = None

    def begin(self, name: str, size: int) -> str:
        """Make room for a release, and return what names it from now on.

        Args:
            name: of the file, which sentences call it by.
            size: bytes.

        Raises:
            ProblemError: it is too large, the disk has no room, or another one is being installed.
        """
        self._check_free()
        if size > MAX_ARCHIVE_BYTES:
            raise ProblemError(413, f"A packed release has at most {MAX_ARCHIVE_BYTES >> 20:,} MB.")
        self._forget()
        try:
            self._home = Path(tempfile.mkdtemp(prefix="aitunes-release-", dir=self._within))
            if size + _SPARE_BYTES > shutil.disk_usage(self._home).free:
                self._forget()
                raise ProblemError(507, "The disk is full; make room for temporary files, and drop the release again.")
        except OSError as error:
            raise ProblemError(500, f"The release cannot be kept: {reason(error)}.") from error
        self._file = self._home / f"{safe_name(name.removesuffix(ENDING)) or 'release'}{ENDING}"
        self._id, self._size = secrets.token_urlsafe(12), size
        return self._id

    def write(self, name: str, at: int, piece: bytes) -> None:
        """Add a piece; one that is there already changes nothing.

        Raises:
            ProblemError: it does not fit what was announced, or the disk refuses.
        """
        self._check(name)
        try:
            size = self._file.stat().st_size if self._file.exists() else 0
            if at + len(piece) == size:
                return
            if at != size or size + len(piece) > self._size:
                raise ProblemError(409, f"at: the next byte is {size} of {self._size}.")
            with self._file.open("ab") as file:
                file.write(piece)
        except OSError as error:
            raise ProblemError(507, f"The release cannot be kept: {reason(error)}.") from error

    async def install(self, name: str) -> str:
        """Install what was brought, and return the release's name; what was brought is deleted either way.

        Raises:
            ProblemError: it is not whole, or it cannot be used.
        """
        self._check(name)
        if not self._file.exists() or self._file.stat().st_size != self._size:
            raise ProblemError(409, "Not all of the release has arrived; drop it again.")
        try:
            return await self._installed()
        finally:
            self._forget()

    async def close(self) -> None:
        """End an installation, which then leaves nothing, and delete what was brought."""
        if self._process is not None:
            kill_worker(self._process)
        self._forget()

    async def _installed(self) -> str:
        # A name that is taken gets a number: there is nobody to ask, and nothing may be lost.
        words = ["install", "--beside", "--json", "--", str(self._file)]
        own, environment = own_process("instrument", *words)
        command = own if self._command is None else [*self._command, *words]
        self._process = process = await start_worker(command, environment, asyncio.subprocess.PIPE)
        said = b""
        try:
            output, said = await asyncio.wait_for(process.communicate(), _SECONDS)
            return str(json.loads(output)["release"])
        except (ValueError, KeyError, TypeError, TimeoutError) as error:
            raise ProblemError(422, self._sentence(said.decode(errors="replace"))) from error
        finally:
            kill_worker(process)
            await process.wait()
            self._process = None

    def _sentence(self, said: str) -> str:
        """Return the last line of what a command said, without where the file lies for now."""
        line = said.strip().rpartition("\n")[2].removeprefix("aitunes: ")
        return printable(line.replace(f"{self._file.parent}{os.sep}", "")) or _NO_RESULT

    def _check_free(self) -> None:
        if self._process is not None:
            raise ProblemError(409, "Another release is being installed; wait for its end.")

    def _check(self, name: str) -> None:
        self._check_free()
        if not self._id or name != self._id:
            raise ProblemError(404, "This release was brought too long ago; drop it again.")

    def _forget(self) -> None:
        if self._home is not None:
            shutil.rmtree(self._home, ignore_errors=True)
        self._home, self._id = None, ""
