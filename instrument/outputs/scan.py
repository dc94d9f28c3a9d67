"""Lists the devices that can play: reads a line from its input, writes a line of JSON to its output.

The line `APART` asks for those that are not JACK's, without a connection to a server; `INPUTS` for those that can be
listened to; `JACK_CLIENTS` for the names of JACK's clients that take sound, and `JACK_SOURCES` for those that give it,
or null without a server.

It runs as a child process, as a script: PortAudio looks for devices only as it starts, which takes tens of milliseconds
and would stop the sound. It imports as little as it can, because it lives as long as the engine does.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import json
import math
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

NOT_INSTALLED = "PortAudio is not installed; on Debian or Ubuntu: sudo apt-get install libportaudio2"
APART = "apart from JACK"
JACK_CLIENTS = "JACK's clients"
JACK_SOURCES = "JACK's sources"
INPUTS = "inputs"
MAX_LATENCY_SECONDS = 2.0
CLIENT_NAME = "AiTunes"
PHYSICAL = "system"
"""JACK's own name for the ports of the sound card, which stay as long as the server."""
_NICENESS = 10  # with 19, a machine whose processors are all busy lets it wait for longer than anybody waits for it
_SCANNER_NAME = "AiTunes-scan"

_names: dict[str, ctypes.Array[ctypes.c_char]] = {}


def bounded_latency(seconds: float) -> float:
    """Return a latency that a device reports, or the nearest one that can be: some report hours, or no number."""
    return min(max(seconds, 0.0), MAX_LATENCY_SECONDS) if math.isfinite(seconds) else 0.0


def name_jack_client(library: str, name: str) -> None:
    """Have PortAudio call its JACK client so, from its next start on; nothing where it does not know JACK.

    Args:
        library: the file of PortAudio that is loaded, or will be.
    """
    # PortAudio keeps the pointer, so the name lives as long as the process.
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(library).PaJack_SetClientName(_names.setdefault(name, ctypes.create_string_buffer(name.encode())))


def playing_devices(sounddevice: Any) -> list[dict[str, Any]]:
    """List devices that can play: PortAudio's index, name, host API, channels, default sample rate and latency."""
    return _devices(sounddevice, "output")


def listening_devices(sounddevice: Any) -> list[dict[str, Any]]:
    """List devices that can be listened to, as `playing_devices` does."""
    return _devices(sounddevice, "input")


def _devices(sounddevice: Any, direction: str) -> list[dict[str, Any]]:
    hosts = sounddevice.query_hostapis()
    default = sounddevice.default.device[direction == "output"]
    return [
        {
            "index": index,
            "name": device["name"],
            "host": hosts[device["hostapi"]]["name"],
            "channels": device[f"max_{direction}_channels"],
            "sample_rate": device["default_samplerate"],
            "latency_seconds": bounded_latency(device[f"default_low_{direction}_latency"]),
            "default": index == default,
        }
        for index, device in enumerate(sounddevice.query_devices())
        if device[f"max_{direction}_channels"] > 0
    ]


def _step_back() -> None:
    """Lower this process's priority below everything that sounds, whatever it has inherited from the engine."""
    with contextlib.suppress(AttributeError, OSError):
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        os.nice(_NICENESS)


def main() -> None:
    """Answer until the engine closes the input."""
    _step_back()
    name_jack_client("libportaudio.so.2", _SCANNER_NAME)
    with _apart_from_jack():
        try:
            import sounddevice  # which looks at once
        except OSError:
            sounddevice = None
        else:
            # Between two questions it holds nothing: no JACK client, no handle of a device.
            sounddevice._terminate()
    jack_clients = None
    for line in sys.stdin:
        if line.strip() in (JACK_CLIENTS, JACK_SOURCES):
            jack_clients = jack_clients or _jack_clients()
            print(json.dumps(jack_clients.names(line.strip() == JACK_SOURCES)), flush=True)
            continue
        devices = listening_devices if line.strip() == INPUTS else playing_devices
        with _apart_from_jack() if line.strip() == APART else contextlib.nullcontext():
            print(json.dumps(NOT_INSTALLED if sounddevice is None else _look(sounddevice, devices)), flush=True)


@contextlib.contextmanager
def _apart_from_jack() -> Iterator[None]:
    """Point JACK's library to a server that does not exist; PipeWire's JACK reads the last variable."""
    elsewhere = {"JACK_DEFAULT_SERVER": f"no-server-{os.getpid()}", "JACK_NO_START_SERVER": "1", "PIPEWIRE_NOJACK": "1"}
    before = dict(os.environ)
    os.environ.update(elsewhere)
    try:
        yield
    finally:
        for name in elsewhere:
            del os.environ[name]
        os.environ.update(before)


def _jack_clients() -> Any:
    # Beside this script, which runs without its package; and only where somebody plays into another program.
    sys.path.append(str(Path(__file__).parent))
    return importlib.import_module("jack_clients").JackClients()


def _look(sounddevice: Any, devices: Callable[[Any], list[dict[str, Any]]]) -> list[dict[str, Any]] | str:
    try:
        sounddevice._initialize()
        try:
            return devices(sounddevice)
        finally:
            sounddevice._terminate()
    except sounddevice.PortAudioError as error:
        return f"PortAudio cannot say which sound devices there are: {error}."


if __name__ == "__main__":
    main()
