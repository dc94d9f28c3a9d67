"""Devices that appear and vanish while the engine plays."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from instrument.engine.changes import ANY_DEVICE
from instrument.namespace import ROOT
from instrument.outputs import OutputError, scan
from instrument.outputs.portaudio import output_devices

if TYPE_CHECKING:
    from instrument.engine.engine import Engine

LOOK_SECONDS = 3.0
_ANSWER_SECONDS = 5.0


class DeviceScanner:
    """Asks a process of its own which devices there are; see `instrument.outputs.scan`.

    That process is started when it is first asked, and again where it has ended.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()

    def devices(self, apart: bool = False) -> list[dict[str, Any]]:
        """What can play now, as `playing_devices` describes it.

        Args:
            apart: leave JACK alone, and its devices out.

        Raises:
            OutputError: PortAudio is missing, fails or does not answer.
        """
        with self._lock:
            try:
                answer = json.loads(self._ask(self._running(), scan.APART if apart else ""))
            except (OSError, ValueError) as error:
                self._end()
                raise OutputError("PortAudio does not say which sound devices there are.") from error
        if isinstance(answer, str):
            raise OutputError(answer)
        return list(answer)

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            # A script, not a module: the package would bring numpy along. -P: its folder is no place to import from.
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(Path(scan.__file__))],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        return self._process

    def _ask(self, process: subprocess.Popen[str], question: str) -> str:
        assert process.stdin is not None
        assert process.stdout is not None
        patience = threading.Timer(_ANSWER_SECONDS, process.kill)
        patience.start()
        try:
            process.stdin.write(f"{question}\n")
            process.stdin.flush()
            return process.stdout.readline()
        finally:
            patience.cancel()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()


class DeviceWatch:
    """Looks every few seconds, while somebody wants to know, and tells of changes.

    While the engine plays through JACK, whose graph may stumble over a visitor, only the others are looked at; JACK's
    own devices are those of before.

    Args:
        engine: told of devices, and brought back to the one that it lost.
        scanner: says what there is.
    """

    def __init__(self, engine: Engine, scanner: DeviceScanner) -> None:
        self._engine = engine
        self._scanner = scanner
        self._devices: list[dict[str, Any]] | None = None
        self._tried: list[str] | None = None
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="device-watch", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self) -> None:
        """Look no more."""
        self._closing.set()
        self._scanner.close()

    def look(self) -> None:
        """Compare the devices of now with those of the last look; at first, with those of the engine's start.

        Raises:
            OutputError: it cannot be said which devices there are.
        """
        if self._devices is None and "sounddevice" in sys.modules:
            self._devices = output_devices()
        apart = self._engine.output.feels_scans
        devices = self._scanner.devices(apart)
        before = list(devices) if self._devices is None else self._devices
        if apart:
            devices += [device for device in before if device["host"].startswith("JACK")]
        self._devices, names = devices, _names(devices)
        if sorted(names) != sorted(_names(before)):
            self._engine.publisher.announce(None, f"{ROOT}/device/changed", tuple(names))
        changes = self._engine.changes
        if changes.awaited is None or names != self._tried:
            self._tried = None
        # A device that is there and does not open is tried again when something has changed.
        if changes.awaited in (*names, ANY_DEVICE) and names and self._tried is None:
            self._tried = names
            self._engine.soon(changes.return_to_device)

    def _wanted(self) -> bool:
        return bool(self._engine.osc.subscribers) or self._engine.changes.awaited is not None

    def _run(self) -> None:
        while not self._closing.is_set():
            if self._wanted():
                with contextlib.suppress(OutputError):  # who asks for the list is told why there is none
                    self.look()
            self._closing.wait(LOOK_SECONDS)


def _names(devices: list[dict[str, Any]]) -> list[str]:
    return [str(device["name"]) for device in devices]
