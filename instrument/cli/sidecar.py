"""Processes beside an engine, such as OSCQuery and MIDI: they start after the sound, again when ended, end with it."""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec

from aitunes.release.processes import own_process
from instrument.cli.heartbeat import PATIENCE, Heartbeat, Patience, release

_WEB = ("fastapi", "ifaddr", "segno", "starlette", "uvicorn", "websockets", "zeroconf")
WEB_MISSING = "The page and OSCQuery need the extra `web`: pip install 'aitunes[web]'"
_MIDI = ("jack", "rtmidi")
MIDI_MISSING = "MIDI needs the extra `midi`: pip install 'aitunes[midi]'"
PAUSES = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Waited before each new start, seconds; after the last one it is given up."""
ENDING_SECONDS = 1.0
"""From the question to the end of a process; then it is killed."""
_REFUSING_SECONDS = 10.0  # one that ends by itself so soon has said why it cannot serve
_HEALTHY_SECONDS = 60.0


def web_is_installed() -> bool:
    """Return whether the extra `web` is installed; nothing of it is imported to find out."""
    return all(find_spec(name) for name in _WEB)


def midi_is_installed() -> bool:
    """Return whether a library of the extra `midi` is installed; one of them is enough."""
    return any(find_spec(name) for name in _MIDI)


@dataclass(frozen=True)
class Listener:
    """Hears how a process beside the engine fares, on a thread of its own.

    Args:
        warn: takes sentences for everybody.
        note: takes the process's name and whether it runs.
        on_death: called where the process ends before the engine does, or answers nothing.
    """

    warn: Callable[[str], None]
    note: Callable[[str, bool], None]
    on_death: Callable[[], None] = lambda: None


class Sidecar:
    """Runs a process beside the engine, and starts it again where it ends before the engine does.

    The thread that starts it again is made before the sound, because a process takes over the real-time priority of
    the thread that starts it.

    Args:
        name: for sentences, such as "OSCQuery".
        start: starts the process, which reads its standard input until that closes, and answers
            each byte after the first.
        listener: hears how it fares.
        pauses: before each new start, seconds.
        patience: how long it may answer nothing.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        name: str,
        start: Callable[[], subprocess.Popen[bytes]],
        listener: Listener,
        pauses: Sequence[float] = PAUSES,
        patience: Patience = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name, self._start, self._listener, self._pauses, self._clock = name, start, listener, pauses, clock
        self._patience = patience
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._end_by: float | None = None
        self._sound_is_on = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="sidecar-watch", daemon=True)

    def open(self) -> None:
        """Start the process, which waits until `release`."""
        try:
            self._process = self._start()
        except OSError as error:
            self._listener.note(self._name, False)
            self._warn(f"is left out: its process cannot be started ({error.strerror}).")
            return
        self._thread.start()

    def release(self) -> None:
        """Let the process serve: the sound is on."""
        self._sound_is_on.set()
        if self._process is not None:
            release(self._process)

    def ask_to_end(self) -> None:
        """Have the process end, and return at once; several then end side by side."""
        self._closing.set()
        with self._lock:
            process = self._process
            self._end_by = self._end_by or self._clock() + ENDING_SECONDS
        if process is not None and process.stdin is not None:
            with contextlib.suppress(OSError):
                process.stdin.close()  # which also happens by itself, however the engine ends

    def close(self) -> None:
        """End the process; several that were asked together are over together, stopped ones too."""
        self.ask_to_end()
        if self._process is not None:
            assert self._end_by is not None
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(max(0.0, self._end_by - self._clock()))
            self.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):  # a disk may hold it, and then nothing ends it
                self._process.wait(ENDING_SECONDS)
        if self._thread.ident is not None:
            self._thread.join(ENDING_SECONDS)

    def kill(self) -> None:
        """End the process by force, and return at once."""
        self._closing.set()
        if self._process is not None:
            self._process.kill()

    def _watch(self) -> None:
        tries = 0
        while (process := self._process) is not None:
            begin = self._clock()
            status = self._follow(process)
            seconds = self._clock() - begin
            if self._closing.is_set():
                return
            self._listener.note(self._name, False)
            self._listener.on_death()
            tries = 0 if seconds > _HEALTHY_SECONDS else tries
            if status > 0 and seconds < _REFUSING_SECONDS:
                return  # it has said why
            if tries == len(self._pauses):
                self._listener.warn(
                    f"{self._name} has ended {tries + 1} times and is given up; the sound goes on without it."
                )
                return
            pause = self._pauses[tries]
            self._listener.warn(
                f"{self._name} has ended (status {status}); the sound goes on. It starts again in {pause:g} s."
            )
            if self._closing.wait(pause) or not self._restart():
                return
            tries += 1

    def _follow(self, process: subprocess.Popen[bytes]) -> int:
        """Wait for the end of a process, ask it meanwhile whether it still works, and end one that hangs."""
        for is_silent in Heartbeat(process, self._patience, self._clock).changes(self._sound_is_on.is_set):
            self._listener.note(self._name, not is_silent)
            if is_silent:
                self._listener.on_death()
                self._warn("does not answer; the sound goes on. If that lasts, it is ended and started again.")
            else:
                self._warn("answers again.")
        return process.wait()

    def _warn(self, sentence: str) -> None:
        self._listener.warn(f"{self._name} {sentence}")

    def _restart(self) -> bool:
        with self._lock:
            if self._closing.is_set():
                return False
            try:
                self._process = self._start()
            except OSError as error:
                self._warn(f"is left out: its process cannot be started ({error.strerror}).")
                return False
        self._listener.note(self._name, True)
        if self._sound_is_on.is_set():
            release(self._process)
        return True


@contextlib.contextmanager
def beside(name: str, module: str, words: Sequence[str], listener: Listener) -> Iterator[Sidecar]:
    """Run a module with these words while the context lasts; whatever becomes of it, the engine plays on.

    It is started here, before the sound: a process that is made while the engine plays could hold it up. Then it
    waits until what this yields releases it.

    Args:
        name: for sentences, such as "OSCQuery".
        module, words: what `python -m` would be given.
        listener: hears how it fares.
    """
    command, environment = own_process(module, *words)

    def start() -> subprocess.Popen[bytes]:
        # Ctrl-C is the engine's, which fades out first.
        return subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, start_new_session=True
        )

    process = Sidecar(name, start, listener)
    process.open()
    try:
        yield process
    finally:
        process.close()
