"""Makes an instrument of sounds that a page has brought: one at a time, in a process of the training extra."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

from aitunes.osc.address import format_host_port
from aitunes.release.processes import own_process
from instrument.learning import PROGRAM, TRAINING_MISSING, LearningProgress, learn_words, training_is_installed
from instrument.web.problems import ProblemError
from instrument.web.sound_uploads import ENDINGS, MAX_BYTES, MAX_FILES, MAX_PIECE_BYTES, SoundUploads
from instrument.web.workers import kill_worker, start_worker

EMPTY, COLLECTING, LEARNING, DONE, FAILED = "empty", "collecting", "learning", "done", "failed"
IDLE_SECONDS = 900.0
"""After which sounds that nobody has gone on bringing are deleted."""
_EVENT_SECONDS = 0.2
_PATIENCE = 4.0  # times the minutes, and then
_PATIENCE_SECONDS = 900.0
_ENDING_SECONDS = 10.0
_NO_RESULT = "It could not be learnt; `aitunes-train learn` in a terminal says why."


class Trainings:
    """Keeps the one training of this server, from the first sound to its end, whichever page looks.

    Args:
        engine: host and port of the engine that changes to each version.
        command: the program and its words before those of learning; None takes the installed training extra.
        is_installed: tells whether the training extra is there.
        within: folder for the temporary one; by default the system's.
        idle_seconds: see `IDLE_SECONDS`.
    """

    def __init__(
        self,
        engine: tuple[str, int],
        command: Sequence[str] | None = None,
        is_installed: Callable[[], bool] = training_is_installed,
        within: Path | None = None,
        idle_seconds: float = IDLE_SECONDS,
    ) -> None:
        self.engine = engine
        self._command, self._within, self._idle_seconds = command, within, idle_seconds
        self.is_offered = is_installed()
        self._state = EMPTY
        self._sounds: SoundUploads | None = None
        self._progress = LearningProgress()
        self._stopping = False
        self._process: asyncio.subprocess.Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._idle: asyncio.TimerHandle | None = None
        self._writing = asyncio.Lock()
        self._changed = asyncio.Event()
        self._closed = False

    async def begin(self, name: str, files: int, size: int) -> None:
        """Make room for sounds; those of an earlier training are deleted.

        Raises:
            ProblemError: training is not installed, another folder is being learnt, or there is no room.
        """
        self._check_free()
        async with self._writing:
            self._check_free()
            self._forget()
            self._sounds = await asyncio.to_thread(SoundUploads, name, files, size, self._within)
            self._state, self._progress, self._stopping = COLLECTING, LearningProgress(), False
        self._wait_for_more()
        self._note()

    async def write(self, collection: str, number: int, name: str, at: int, piece: bytes) -> None:
        """Add a piece to a sound; see `SoundUploads.write`.

        Raises:
            ProblemError: it does not fit, or another page has begun to bring sounds.
        """
        async with self._writing:
            sounds = self._collection(collection)
            await asyncio.to_thread(sounds.write, number, name, at, piece)
        self._wait_for_more()

    async def start(self, collection: str, minutes: float) -> None:
        """Begin to learn what has arrived.

        Raises:
            ProblemError: something of it is missing.
        """
        async with self._writing:
            sounds = self._collection(collection)
            if not sounds.is_whole:
                raise ProblemError(409, "Not all sounds have arrived yet; bring them once more.")
            self._state = LEARNING
        if self._idle is not None:
            self._idle.cancel()
        self._task = asyncio.create_task(self._run(sounds, minutes))
        self._note()

    async def stop(self) -> None:
        """Have learning end with the best so far; the second time, end it at once.

        Raises:
            ProblemError: nothing is being learnt.
        """
        process = self._process
        if self._state != LEARNING or process is None or process.stdin is None:
            raise ProblemError(409, "Nothing is being learnt.")
        if self._stopping:
            kill_worker(process)
        self._stopping = True
        with contextlib.suppress(OSError):
            process.stdin.write(b"stop\n")
            await process.stdin.drain()
        self._note()

    async def forget(self) -> None:
        """Delete the sounds, and be ready for others; the release that was made of them stays.

        Raises:
            ProblemError: they are being learnt.
        """
        self._check_free()
        async with self._writing:
            self._check_free()
            self._forget()
        self._note()

    def describe(self) -> dict[str, Any]:
        """Return what the page shows."""
        sounds, progress = self._sounds, self._progress
        return {
            "state": self._state,
            "id": None if sounds is None else sounds.id,
            "name": "" if sounds is None else sounds.name,
            "files": 0 if sounds is None else sounds.files,
            "bytes": 0 if sounds is None else sounds.size,
            "received": 0 if sounds is None else sounds.received,
            "stopping": self._stopping,
            "stage": progress.stage,
            "progress": progress.share,
            "seconds_left": progress.seconds_left,
            "sentences": list(progress.sentences),
            "release": progress.release or None,
            "version": progress.version,
            "plays": progress.plays,
            "held_db": progress.held_db,
            "error": progress.failure or None,
            "limits": {"files": MAX_FILES, "bytes": MAX_BYTES, "piece": MAX_PIECE_BYTES, "endings": ENDINGS},
        }

    async def follow(self) -> AsyncIterator[dict[str, Any]]:
        """Yield a description whenever it has changed, at most five times a second, and one every five seconds."""
        while not self._closed:
            changed = self._changed
            yield self.describe()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), 5.0)
            await asyncio.sleep(0.0 if self._closed else _EVENT_SECONDS)

    async def close(self) -> None:
        """End learning, and delete the sounds; the last version that was installed stays."""
        if self._process is not None:
            kill_worker(self._process)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        async with self._writing:
            self._forget()
        self._closed = True
        self._note()

    async def _run(self, sounds: SoundUploads, minutes: float) -> None:
        progress = self._progress
        try:
            async with asyncio.timeout(60.0 * _PATIENCE * minutes + _PATIENCE_SECONDS):
                await self._learn(sounds, minutes)
        except TimeoutError:
            progress.failure = "This took far longer than it was given, and was ended; the last version stays."
        except OSError as error:
            progress.failure = f"Learning could not be started: {error.strerror}."
        finally:
            if self._process is not None:
                kill_worker(self._process)
                await self._process.wait()
            self._process = None
            await asyncio.shield(asyncio.to_thread(sounds.remove))
            self._conclude()

    async def _learn(self, sounds: SoundUploads, minutes: float) -> None:
        words = [*learn_words(sounds.folder, format_host_port(*self.engine)), "--minutes", f"{minutes:g}"]
        own, environment = own_process(PROGRAM, *words, one_thread=False)
        command = own if self._command is None else [*self._command, *words]
        process = self._process = await start_worker(command, environment)
        assert process.stdout is not None
        with contextlib.suppress(ValueError):  # a line longer than any of ours: a stranger's, and the end of listening
            async for line in process.stdout:
                if self._progress.take(line):
                    self._note()
        await process.wait()

    def _conclude(self) -> None:
        progress = self._progress
        if not progress.release:
            self._state, progress.failure = FAILED, progress.failure or _NO_RESULT
        else:
            self._state = DONE
        self._note()

    def _check_free(self) -> None:
        if not self.is_offered:
            raise ProblemError(501, TRAINING_MISSING)
        if self._state == LEARNING and self._sounds is not None:
            raise ProblemError(409, f"“{self._sounds.name}” is still being learnt; wait until it is done, or stop it.")

    def _collection(self, collection: str) -> SoundUploads:
        self._check_free()
        if self._sounds is None or self._state != COLLECTING or self._sounds.id != collection:
            raise ProblemError(409, "These sounds are gone: another page has begun with others, or too long a pause.")
        return self._sounds

    def _wait_for_more(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        self._idle = asyncio.get_running_loop().call_later(self._idle_seconds, self._give_up)

    def _give_up(self) -> None:
        if self._state == COLLECTING and not self._writing.locked():
            self._forget()
            self._note()

    def _forget(self) -> None:
        sounds, self._sounds, self._state = self._sounds, None, EMPTY
        if sounds is not None:
            sounds.remove()

    def _note(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()
