"""Loads PortAudio, the library beneath sounddevice, and loads it again when devices have come or gone."""

from __future__ import annotations

import functools
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from instrument.outputs import OutputError
from instrument.outputs.scan import CLIENT_NAME, NOT_INSTALLED, listening_devices, name_jack_client, playing_devices


def portaudio() -> Any:
    """Import the sounddevice module.

    Raises:
        OutputError: PortAudio is not installed.
    """
    if "sounddevice" not in sys.modules:
        name_jack_client("libportaudio.so.2", CLIENT_NAME)
    try:
        import sounddevice
    except OSError as error:
        raise OutputError(NOT_INSTALLED) from error
    return sounddevice


def output_devices() -> list[dict[str, Any]]:
    """List the devices that could play when PortAudio was loaded; see `playing_devices`.

    Raises:
        OutputError: PortAudio is not installed.
    """
    return playing_devices(portaudio())


def input_devices() -> list[dict[str, Any]]:
    """List the devices that could be listened to when PortAudio was loaded; see `listening_devices`.

    Raises:
        OutputError: PortAudio is not installed.
    """
    return listening_devices(portaudio())


class Reloader:
    """Loads PortAudio again when devices have come or gone.

    Args:
        devices: lists the sound devices that are there now.
        inputs: lists those that can be listened to.
    """

    def __init__(
        self, devices: Callable[[], list[dict[str, Any]]], inputs: Callable[[], list[dict[str, Any]]] = list
    ) -> None:
        self._devices, self._inputs = devices, inputs
        self._lost = False
        self._old: list[Any] = []

    def refresh(self) -> None:
        """Load PortAudio again if its list of devices is out of date; each one that is loaded costs memory.

        Raises:
            OutputError: PortAudio is not installed or cannot be loaded again.
        """
        known = [device["name"] for device in output_devices()]
        if self._lost or known != [device["name"] for device in self._devices()]:
            self._reload()

    def refresh_inputs(self) -> None:
        """Load PortAudio again if its list of inputs is out of date.

        Raises:
            OutputError: PortAudio is not installed or cannot be loaded again.
        """
        known = [device["name"] for device in input_devices()]
        if self._lost or known != [device["name"] for device in self._inputs()]:
            self._reload()

    def _reload(self) -> None:
        before = reload()
        if not self._lost:
            self._old.append(before)
        self._lost = False

    def leave(self) -> None:
        """Never free the present PortAudio, because the stream of a lost device may hang in it; from any thread."""
        self._old.clear()
        self._lost = True

    def free_old(self) -> None:
        """End those of before, through which nothing plays any more; one would wait for a stream that hangs."""
        while self._old:
            self._old.pop().Pa_Terminate()


def reload() -> Any:
    """Load PortAudio once more, so that it finds new devices; return the library of before.

    PortAudio looks for devices as it starts, and ends all of its streams as it ends; if a sound server has gone, it
    waits for ever for them. A second one, beside the first, disturbs nothing that plays. The system's loader does not
    load a library twice unless it comes from another file, hence the copy.

    Raises:
        OutputError: it cannot be loaded again; the present one stays.
    """
    sounddevice = portaudio()
    present = sounddevice._lib
    try:
        path = _library()
        with tempfile.TemporaryDirectory(prefix="aitunes-", ignore_cleanup_errors=True) as folder:
            copy = shutil.copy(path, Path(folder) / path.name)
            fresh = _open(sounddevice, copy)
            name_jack_client(str(copy), CLIENT_NAME)
        _open(sounddevice, path)
    except OSError as error:
        raise OutputError(f"New sound devices need a fresh start of AiTunes: {error}.") from error
    sounddevice._lib, sounddevice._initialized = fresh, 0
    sounddevice._initialize()
    return present


def _open(sounddevice: Any, path: Path | str) -> Any:
    # Never unloaded: cffi would do so, at the latest as Python ends, while a sound server's thread still runs in it.
    flags = os.RTLD_NOW | os.RTLD_NODELETE if hasattr(os, "RTLD_NODELETE") else 0
    return sounddevice._ffi.dlopen(str(path), flags)


@functools.cache
def _library() -> Path:
    """Find the file that PortAudio was loaded from."""
    if sys.platform == "linux":
        maps = Path("/proc/self/maps").read_text(encoding="utf-8")
        if match := re.search(r"/.*libportaudio.*", maps):
            return Path(match.group())
    return Path(portaudio()._libname)
