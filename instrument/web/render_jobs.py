"""Keeps renders: a bounded queue, worker processes, their progress, and results that are deleted after a while."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from aitunes.printable import printable
from aitunes.release.processes import own_process
from instrument.web.problems import ProblemError
from instrument.web.render_request import RenderRequest
from instrument.web.render_worker import processor_seconds
from instrument.web.workers import kill_worker, start_worker

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
MAX_QUEUED = 16
MAX_KEPT_BYTES = 1_000_000_000
KEEP_SECONDS = 3_600.0
_MAX_JOBS = 512
_SWEEP_SECONDS = 30.0
_SPEED = 4.0  # sound in real time, for the guess of when there is room again
_EVENT_SECONDS = 0.2


@dataclass
class Job:
    """Describes one render.

    Args:
        id: nobody can guess it.
        request: what is wanted.
        path: where the sound is once it is done.
    """

    id: str
    request: RenderRequest
    path: Path
    state: str = QUEUED
    progress: float = 0.0
    seconds: float | None = None
    size: int | None = None
    error: str | None = None
    began: float = 0.0
    ended: float = 0.0
    process: asyncio.subprocess.Process | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_over(self) -> bool:
        """Return whether nothing more will happen to it."""
        return self.state in (DONE, FAILED, CANCELLED)

    @property
    def file_name(self) -> str:
        """The name under which a browser keeps the sound."""
        return f"{self.request.release}-{self.seconds or 0:.0f}s-seed{self.request.seed}.{self.request.format}"

    def note(self) -> None:
        """Have those who follow it look again."""
        self.changed.set()
        self.changed = asyncio.Event()


class RenderJobs:
    """Runs renders one after another, at most `workers` at once, beside whatever else the machine does.

    Args:
        folders: where releases are found.
        workers: processes at once; by default one core stays free for the sound.
        queued: longest queue.
        kept_bytes, keep_seconds: how much is kept, and for how long.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        folders: Sequence[Path],
        workers: int | None = None,
        queued: int = MAX_QUEUED,
        kept_bytes: int = MAX_KEPT_BYTES,
        keep_seconds: float = KEEP_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.workers = max(1, (os.cpu_count() or 2) - 1) if workers is None else workers
        self._folders = [str(folder) for folder in folders]
        self._max_queued, self._kept_bytes, self._keep_seconds, self._clock = queued, kept_bytes, keep_seconds, clock
        self._jobs: dict[str, Job] = {}
        self._waiting: list[Job] = []
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._folder: Path | None = None

    @property
    def counts(self) -> dict[str, int]:
        """Return how many run and wait, and how many can run at once."""
        return {"running": len(self._tasks), "queued": len(self._waiting), "workers": self.workers}

    def add(self, request: RenderRequest) -> Job:
        """Queue a render whose release is known.

        Raises:
            ProblemError: 429 where too many wait.
        """
        self._sweep()
        if len(self._waiting) >= self._max_queued or len(self._jobs) >= _MAX_JOBS:
            ahead = sum((job.request.length or 60.0) / _SPEED for job in self._waiting) / max(1, self.workers)
            raise ProblemError(429, "Too many renders wait already; try again later.", max(5, round(ahead / 2)))
        if self._folder is None:
            self._folder = Path(tempfile.mkdtemp(prefix="aitunes-web-"))
        name = secrets.token_urlsafe(16)
        job = Job(name, request, self._folder / f"{len(self._jobs)}-{secrets.token_hex(4)}.{request.format}")
        job.seconds = request.length
        self._jobs[name] = job
        self._waiting.append(job)
        self._start()
        return job

    def find(self, name: str) -> Job:
        """Return a render by its id.

        Raises:
            ProblemError: there is none.
        """
        self._sweep()
        job = self._jobs.get(name)
        if job is None:
            raise ProblemError(404, "There is no such render; results are deleted after an hour.")
        return job

    async def remove(self, name: str) -> None:
        """Stop a render and delete its result.

        Raises:
            ProblemError: there is none.
        """
        job = self.find(name)
        if job in self._waiting:
            self._waiting.remove(job)
        task = self._tasks.get(name)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        if not job.is_over:
            job.state = CANCELLED
        job.note()
        self._drop(job)

    async def follow(self, job: Job) -> AsyncIterator[Job]:
        """Yield a render whenever it has changed, at most five times a second, until it is over."""
        while True:
            changed = job.changed
            yield job
            if job.is_over:
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(changed.wait(), 5.0)
            await asyncio.sleep(0.0 if job.is_over else _EVENT_SECONDS)

    def describe(self, job: Job, root: str) -> dict[str, Any]:
        """Return a render as the API tells of it; `root` is the API's, for links."""
        link = f"{root}/renders/{job.id}"
        left = None
        if job.state == RUNNING and job.progress > 0.0:
            left = round((self._clock() - job.began) * (1.0 / job.progress - 1.0), 1)
        return {
            "id": job.id,
            "state": job.state,
            "progress": job.progress,
            "seconds": job.seconds,
            "seconds_left": left,
            "ahead": self._waiting.index(job) if job in self._waiting else 0,
            "release": job.request.release,
            "format": job.request.format,
            "bytes": job.size,
            "error": job.error,
            "expires": self._expires(job),
            "links": {"self": link, "events": f"{link}/events", "audio": f"{link}/audio"},
        }

    async def close(self) -> None:
        """Stop everything and delete all results."""
        self._waiting.clear()
        for task in list(self._tasks.values()):
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    async def sweep(self) -> None:
        """Delete what has become old, now and then, until cancelled."""
        while True:
            await asyncio.sleep(_SWEEP_SECONDS)
            self._sweep()

    def _start(self) -> None:
        while self._waiting and len(self._tasks) < self.workers:
            job = self._waiting.pop(0)
            task = self._tasks[job.id] = asyncio.create_task(self._run(job))
            task.add_done_callback(partial(self._finish, job.id))

    def _finish(self, name: str, _: asyncio.Task[None]) -> None:
        self._tasks.pop(name, None)
        self._start()

    async def _run(self, job: Job) -> None:
        job.state, job.began = RUNNING, self._clock()
        job.note()
        try:
            async with asyncio.timeout(3.0 * processor_seconds(job.request.length)):
                await self._render(job)
        except TimeoutError:
            job.error = "This took too long; make it shorter."
        except OSError as error:
            job.error = f"The render could not be started: {error.strerror}."
        finally:
            await _end(job)
            self._conclude(job)

    async def _render(self, job: Job) -> None:
        command, environment = own_process("instrument.web.render_worker")
        process = job.process = await start_worker(command, environment)
        assert process.stdin is not None
        assert process.stdout is not None
        task = {"request": job.request.model_dump(), "path": str(job.path), "folders": self._folders}
        process.stdin.write(json.dumps(task).encode())
        await process.stdin.drain()
        process.stdin.close()
        async for line in process.stdout:
            _take(job, line)
        await process.wait()

    def _conclude(self, job: Job) -> None:
        job.ended = self._clock()
        if job.state == RUNNING and job.error is None and job.progress == 1.0 and job.path.exists():
            job.state, job.size = DONE, job.path.stat().st_size
        elif job.state == RUNNING:
            job.state = FAILED
            job.error = job.error or "The render ended without a result; it may have needed too much memory or time."
        job.note()
        self._sweep()

    def _sweep(self) -> None:
        now = self._clock()
        over = [job for job in self._jobs.values() if job.is_over]
        for job in [job for job in over if now - job.ended > self._keep_seconds]:
            self._drop(job)
        kept = sorted((job for job in over if job.id in self._jobs), key=lambda job: job.ended)
        total = sum(job.size or 0 for job in kept)
        for job in kept[:-1]:
            if total > self._kept_bytes:
                total -= job.size or 0
                self._drop(job)

    def _drop(self, job: Job) -> None:
        self._jobs.pop(job.id, None)
        if self._folder is not None:
            for path in self._folder.glob(f"{job.path.stem}*"):
                with contextlib.suppress(OSError):
                    path.unlink()

    def _expires(self, job: Job) -> str | None:
        if not job.is_over:
            return None
        seconds = time.time() + job.ended + self._keep_seconds - self._clock()
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _take(job: Job, line: bytes) -> None:
    with contextlib.suppress(ValueError, TypeError, AttributeError):
        words = json.loads(line)
        if isinstance(share := words.get("progress"), float):
            job.progress = min(0.999, max(0.0, share))
        if isinstance(seconds := words.get("done"), float):
            job.progress, job.seconds = 1.0, seconds
        if isinstance(sentence := words.get("error"), str):
            job.error = printable(sentence)[:1_000]
        job.note()


async def _end(job: Job) -> None:
    if job.process is not None:
        kill_worker(job.process)
        await job.process.wait()
