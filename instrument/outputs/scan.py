"""Says which devices can play, as often as it is asked: a line on its input, a line of JSON on its output.

A process of its own, run as a script: PortAudio looks for devices only as it starts, which takes tens of milliseconds
and would stop what plays. It imports nothing that it could do without, because it lives as long as the engine does.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from typing import Any

NOT_INSTALLED = "PortAudio is not installed; on Debian or Ubuntu: sudo apt-get install libportaudio2"


def playing_devices(sounddevice: Any) -> list[dict[str, Any]]:
    """Devices that can play: PortAudio's index, name, host API, channels, default sample rate and latency."""
    hosts = sounddevice.query_hostapis()
    default = sounddevice.default.device[1]
    return [
        {
            "index": index,
            "name": device["name"],
            "host": hosts[device["hostapi"]]["name"],
            "channels": device["max_output_channels"],
            "sample_rate": device["default_samplerate"],
            "latency_seconds": device["default_low_output_latency"],
            "default": index == default,
        }
        for index, device in enumerate(sounddevice.query_devices())
        if device["max_output_channels"] > 0
    ]


def _step_back() -> None:
    """Give way to everything that sounds, whatever priority the engine's threads had."""
    with contextlib.suppress(AttributeError, OSError):
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))
        os.nice(19)


def main() -> None:
    """Answer until the engine closes the input."""
    _step_back()
    try:
        import sounddevice
    except OSError:
        sounddevice = None
    else:
        # Between two questions nothing is held: no place in JACK's graph, no handle of a device.
        sounddevice._terminate()
    for _ in sys.stdin:
        print(json.dumps(NOT_INSTALLED if sounddevice is None else _look(sounddevice)), flush=True)


def _look(sounddevice: Any) -> list[dict[str, Any]] | str:
    try:
        sounddevice._initialize()
        try:
            return playing_devices(sounddevice)
        finally:
            sounddevice._terminate()
    except sounddevice.PortAudioError as error:
        return f"PortAudio cannot say which sound devices there are: {error}."


if __name__ == "__main__":
    main()
