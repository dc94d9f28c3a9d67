"""Processes beside an engine, such as OSCQuery and MIDI: each starts after the sound and ends with the engine."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec

from aitunes.release.processes import own_process
from instrument.terminal import say

_WEB = ("ifaddr", "starlette", "uvicorn", "websockets", "zeroconf")
WEB_MISSING = "OSCQuery needs the extra `web`: pip install 'aitunes[web]'"
_MIDI = ("jack", "rtmidi")
MIDI_MISSING = "MIDI needs the extra `midi`: pip install 'aitunes[midi]'"
_ENDING_SECONDS = 3.0


def web_is_installed() -> bool:
    """Return whether the extra `web` is installed; nothing of it is imported to find out."""
    return all(find_spec(name) for name in _WEB)


def midi_is_installed() -> bool:
    """Return whether a library of the extra `midi` is installed; one of them is enough."""
    return any(find_spec(name) for name in _MIDI)


@contextlib.contextmanager
def sidecar(
    name: str, module: str, words: Sequence[str], on_death: Callable[[], None] = lambda: None
) -> Iterator[Callable[[], None]]:
    """Run a module with these words while the context lasts; whatever becomes of it, the engine plays on.

    It is started here, before the sound: a process that is made while the engine plays could hold it up, and would
    take over its real-time priority. Then it waits until what this yields is called.

    Args:
        name: for sentences at the terminal, such as "OSCQuery".
        module, words: what `python -m` would be given.
        on_death: called, on a thread of its own, where the process ends before the context does.
    """
    command, environment = own_process(module, *words)
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            env=environment,
            start_new_session=True,  # Ctrl-C is the engine's, which fades out first
        )
    except OSError as error:
        say(f"{name} is left out: its process cannot be started ({error.strerror}).")
        yield lambda: None
        return
    ending = threading.Event()

    def watch() -> None:
        process.wait()
        if not ending.is_set():
            on_death()

    threading.Thread(target=watch, name="sidecar-watch", daemon=True).start()
    try:
        yield lambda: _release(process)
    finally:
        ending.set()
        _end(process)


def stop_with_engine(stop: Callable[[], None]) -> None:
    """Call a function once the engine that started this process has ended, on a thread of its own."""

    def watch() -> None:
        # The engine holds the other end of this pipe, which closes with it, however it ends.
        while os.read(sys.stdin.fileno(), 1):  # a buffered reader would be locked when the interpreter ends
            pass
        stop()

    threading.Thread(target=watch, name="engine-watch", daemon=True).start()


def _release(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.write(b"\n")
        process.stdin.flush()


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    with contextlib.suppress(OSError):
        process.stdin.close()  # which also happens by itself, however the engine ends
    try:
        process.wait(_ENDING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
