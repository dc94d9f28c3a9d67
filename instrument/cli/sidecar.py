"""The OSCQuery server beside an engine: a process of its own that starts after the sound and ends with it."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Callable, Iterator, Sequence
from importlib.util import find_spec

from aitunes.release.processes import own_process
from instrument.terminal import say

_WEB = ("ifaddr", "starlette", "uvicorn", "websockets", "zeroconf")
WEB_MISSING = "OSCQuery needs the extra `web`: pip install 'aitunes[web]'"
_ENDING_SECONDS = 3.0


def web_is_installed() -> bool:
    """Return whether the extra `web` is installed; nothing of it is imported to find out."""
    return all(find_spec(name) for name in _WEB)


@contextlib.contextmanager
def sidecar(words: Sequence[str]) -> Iterator[Callable[[], None]]:
    """Run `aitunes oscquery` with these words while the context lasts; whatever becomes of it, the engine plays on.

    It is started here, before the sound: a process that is made while the engine plays could hold it up, and would
    take over its real-time priority. Then it waits until what this yields is called.
    """
    command, environment = own_process("instrument.oscquery", *words)
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            env=environment,
            start_new_session=True,  # Ctrl-C is the engine's, which fades out first
        )
    except OSError as error:
        say(f"OSCQuery is left out: its process cannot be started ({error.strerror}).")
        yield lambda: None
        return
    try:
        yield lambda: _release(process)
    finally:
        _end(process)


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
