"""PortAudio, the library beneath sounddevice: loaded once, and once more when devices have come or gone."""

from __future__ import annotations

import functools
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from instrument.outputs import OutputError
from instrument.outputs.scan import NOT_INSTALLED, playing_devices


def portaudio() -> Any:
    """The sounddevice module.

    Raises:
        OutputError: PortAudio is not installed.
    """
    try:
        import sounddevice
    except OSError as error:
        raise OutputError(NOT_INSTALLED) from error
    return sounddevice


def output_devices() -> list[dict[str, Any]]:
    """Devices that could play when PortAudio was loaded; see `playing_devices`.

    Raises:
        OutputError: PortAudio is not installed.
    """
    return playing_devices(portaudio())


def reload() -> Any:
    """Load PortAudio once more, so that it sees the devices of today; returns the one of before, for `free`.

    PortAudio looks for devices as it starts, and ends all of its streams as it ends; where a sound server has gone,
    it waits for ever for them. A second one, beside the first, disturbs nothing that plays. The system's loader takes
    a library for the one that it has already unless it comes from another file, hence the copy.

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
        _open(sounddevice, path)
    except OSError as error:
        raise OutputError(f"New sound devices need a fresh start of AiTunes: {error}.") from error
    sounddevice._lib, sounddevice._initialized = fresh, 0
    sounddevice._initialize()
    return present


def free(before: Any) -> None:
    """End a PortAudio of before, through which nothing plays any more; it would wait for what does not close."""
    before.Pa_Terminate()


def _open(sounddevice: Any, path: Path | str) -> Any:
    # For good: cffi would unload, at the latest as Python ends, what a sound server's thread still runs in.
    flags = os.RTLD_NOW | os.RTLD_NODELETE if hasattr(os, "RTLD_NODELETE") else 0
    return sounddevice._ffi.dlopen(str(path), flags)


@functools.cache
def _library() -> Path:
    """Where PortAudio was loaded from."""
    if sys.platform == "linux":
        maps = Path("/proc/self/maps").read_text(encoding="utf-8")
        if found := re.search(r"/.*libportaudio.*", maps):
            return Path(found.group())
    return Path(portaudio()._libname)
