"""Tries a release in a child process before it comes near the engine, and remembers those that passed."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import json
import platform
import subprocess
import tempfile
import threading
import time
from pathlib import Path
from types import ModuleType

from aitunes.atomic import write_text
from aitunes.errors import ReleaseError
from aitunes.release.files import MAX_CARD_BYTES, read_bounded
from aitunes.release.processes import own_process
from aitunes.release.reader import CARD
from aitunes.release.trial import MAX_MEMORY_BYTES

WALL_SECONDS = 30.0
_VERSION = 1
"""Of the trial; another one tries every release again."""
_POLL_SECONDS = 0.05
_MAX_ANSWER_BYTES = 1 << 16
_MAX_REMEMBERED = 1_000


class ReleaseTrial:
    """Runs releases in a child process with limits of time and memory.

    Args:
        memory: the file of those that passed; a damaged one is written again.
        wall_seconds: how long a trial may take before its process is killed.
        memory_bytes: how much memory the child may hold.
    """

    def __init__(self, memory: Path, wall_seconds: float = WALL_SECONDS, memory_bytes: int = MAX_MEMORY_BYTES) -> None:
        self._memory = memory
        self._wall_seconds = wall_seconds
        self._memory_bytes = memory_bytes
        self._closed = threading.Event()

    def check(self, folder: Path, part: str = "decoder") -> None:
        """Try a release, or return at once where the same one has passed before.

        Waits without holding the interpreter.

        Args:
            folder: the release's.
            part: "decoder" for the engine, "encoder" for what encodes sounds.

        Raises:
            ReleaseError: it failed, took too long, took too much memory or ended its process.
        """
        content = read_bounded(folder / CARD, MAX_CARD_BYTES, f"{CARD} of the release in {folder}")
        key = _key(content, part)
        passed = self._passed()
        if key in passed:
            return
        self._try(folder, part)
        self._remember([*passed, key])

    def close(self) -> None:
        """End a trial that is under way, and refuse all later ones."""
        self._closed.set()

    def _try(self, folder: Path, part: str) -> None:
        command, environment = own_process("aitunes.release.trial", str(folder.resolve()), part)
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=environment,
                cwd=tempfile.gettempdir(),
                start_new_session=True,  # Ctrl-C is the engine's
            )
        except OSError as error:
            raise ReleaseError(f"The release in {folder} cannot be tried: no process can be started.") from error
        with process:
            try:
                refusal = self._wait(process, folder)
            finally:
                process.kill()
        if refusal is not None:
            raise ReleaseError(f"{refusal} It was tried in a process of its own and is not loaded.")

    def _wait(self, process: subprocess.Popen[bytes], folder: Path) -> str | None:
        """Wait for the child's end; returns why the release is refused, None where it is not."""
        name, deadline = folder.name, time.monotonic() + self._wall_seconds
        while process.poll() is None:
            if self._closed.wait(_POLL_SECONDS):
                return f"The trial of the release {name} was ended."
            if time.monotonic() > deadline:
                return f"The release {name} is not finished after {self._wall_seconds:g} s of decoding."
            if _resident_bytes(process.pid) > self._memory_bytes:
                return f"The release {name} needs more than {self._memory_bytes >> 20} MiB of memory."
        assert process.stdout is not None
        try:
            answer = json.loads(process.stdout.read(_MAX_ANSWER_BYTES))
            return None if answer["refusal"] is None else str(answer["refusal"])
        except (ValueError, KeyError, TypeError):
            return f"The release {name} ends the process that runs it (exit status {process.returncode})."

    def _passed(self) -> list[str]:
        with contextlib.suppress(ReleaseError, ValueError, RecursionError):
            stored = json.loads(read_bounded(self._memory, MAX_CARD_BYTES, "The list of tried releases"))
            if isinstance(stored, list) and all(isinstance(key, str) for key in stored):
                return stored
        return []

    def _remember(self, keys: list[str]) -> None:
        # Where it cannot be written, the next start tries the release once more.
        with contextlib.suppress(OSError):
            self._memory.parent.mkdir(parents=True, exist_ok=True)
            write_text(self._memory, json.dumps(keys[-_MAX_REMEMBERED:], indent=0))


def _key(card: bytes, part: str) -> str:
    # The card lists the hashes of all other files, which are compared whenever a release is read.
    world = f"{_VERSION} {part} {importlib.metadata.version('onnxruntime')} {platform.machine()}\n"
    return hashlib.sha256(world.encode() + card).hexdigest()


def _psutil() -> ModuleType | None:
    try:
        import psutil
    except ImportError:  # the child's own limits remain
        return None
    return psutil


def _resident_bytes(pid: int) -> int:
    psutil = _psutil()
    if psutil is None:
        return 0
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:
        return 0
