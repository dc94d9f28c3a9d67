"""Follows sound devices that appear and vanish while the engine plays."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from instrument.engine.device_changes import ANY_DEVICE
from instrument.engine.publisher import Publisher
from instrument.namespace import ROOT
from instrument.outputs import Output, OutputError, scan
from instrument.outputs.portaudio import output_devices

LOOK_SECONDS = 3.0
MAX_PAUSE_SECONDS = 60.0
"""Sets the longest pause between two tries to return to a device."""
_ANSWER_SECONDS = 5.0
_MAX_PATIENCE = 4.0
_CLOSE_SECONDS = 0.5


class DeviceScanner:
    """Asks a child process which devices there are; see `instrument.outputs.scan`.

    The process is started by the first question, and again if it has ended.

    Args:
        script: what the process runs.
        answer_seconds: how long to wait for an answer before the process is ended; longer after it was in vain.
    """

    def __init__(self, script: Path = Path(scan.__file__), answer_seconds: float = _ANSWER_SECONDS) -> None:
        self._script = script
        self._answer_seconds = self._patience_seconds = answer_seconds
        self._process: subprocess.Popen[str] | None = None
        self._closed = False
        self._lock = threading.Lock()

    def devices(self, apart: bool = False) -> list[dict[str, Any]]:
        """List the devices that can play now, as `playing_devices` describes them.

        Args:
            apart: leave JACK alone, and its devices out.

        Raises:
            OutputError: PortAudio is missing, fails or does not answer.
        """
        answer = self._answer(scan.APART if apart else "")
        if isinstance(answer, str):
            raise OutputError(answer)
        return list(answer)

    def inputs(self) -> list[dict[str, Any]]:
        """List the devices that can be listened to now.

        Raises:
            OutputError: PortAudio is missing, fails or does not answer.
        """
        answer = self._answer(scan.INPUTS)
        if isinstance(answer, str):
            raise OutputError(answer)
        return list(answer)

    def _answer(self, question: str) -> Any:
        with self._lock:
            if self._closed:
                raise OutputError("The engine is ending.")
            try:
                answer = json.loads(self._ask(self._running(), question))
            except (OSError, ValueError) as error:
                self._end()
                # A machine that is busy lets it wait, and it would begin anew each time.
                self._patience_seconds = min(2.0 * self._patience_seconds, _MAX_PATIENCE * self._answer_seconds)
                raise OutputError("PortAudio does not say which sound devices there are.") from error
            self._patience_seconds = self._answer_seconds
            return answer

    def jack_clients(self, sources: bool = False) -> list[str] | None:
        """Return the names of JACK's clients that take sound, or give it; None without a server.

        Raises:
            OutputError: the process does not answer.
        """
        answer = self._answer(scan.JACK_SOURCES if sources else scan.JACK_CLIENTS)
        return None if answer is None else [str(name) for name in answer]

    @property
    def process_id(self) -> int | None:
        """Return the process's number, if it runs."""
        process = self._process
        return None if process is None else process.pid

    def close(self) -> None:
        """End the process, and with it a question that waits for its answer."""
        self._closed = True
        if (process := self._process) is not None:
            process.kill()
        with self._lock:
            self._end()

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None:
            # A script, not a module: the package would import numpy. -P: do not import from its folder.
            self._process = subprocess.Popen(
                [sys.executable, "-P", str(self._script)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
        return self._process

    def _ask(self, process: subprocess.Popen[str], question: str) -> str:
        assert process.stdin is not None
        assert process.stdout is not None
        timeout = threading.Timer(self._patience_seconds, process.kill)
        timeout.name = "device-scan-timeout"
        timeout.start()
        try:
            process.stdin.write(f"{question}\n")
            process.stdin.flush()
            return process.stdout.readline()
        finally:
            timeout.cancel()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.communicate()


class DevicePort(Protocol):
    """Knows which device is missing, and returns to it."""

    @property
    def awaited(self) -> str | None:
        """Return the name of a device that was lost, or `ANY_DEVICE`; None while nothing is missing."""

    def return_to_device(self) -> None:
        """Move the stream back to the device that was lost."""

    def miss_device(self) -> None:
        """Wait for the return of the device, whose stream goes on without it."""


class DeviceWatch:
    """Looks for devices every few seconds, while somebody listens or a device is missing, and notifies of changes.

    While the engine plays through JACK, whose graph may drop out when a client joins, only the others are scanned;
    JACK's own devices are those of the last scan. If it plays into another program there, that one is looked for.

    Args:
        scanner: lists what there is.
        devices: returns to the device that was lost.
        publisher: notified of changes.
        output: returns the present output.
        has_listeners: returns whether somebody wants to know.
        in_background: runs a function on the worker's thread.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        scanner: DeviceScanner,
        devices: DevicePort,
        publisher: Publisher,
        output: Callable[[], Output],
        has_listeners: Callable[[], bool],
        in_background: Callable[[Callable[[], None]], None],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._scanner = scanner
        self._port = devices
        self._publisher = publisher
        self._output = output
        self._has_listeners = has_listeners
        self._in_background = in_background
        self._devices: list[dict[str, Any]] | None = None
        self._jack_devices: list[dict[str, Any]] = []
        self._tried: tuple[str | None, list[str]] = None, []
        self._next_try = 0.0
        self._pause_seconds = 0.0
        self._clock = clock
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="device-watch", daemon=True)

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def close(self) -> None:
        """Stop looking, and end the scanner's process, which ends a look that is under way."""
        self._closing.set()
        self._scanner.close()
        if self._thread.ident is not None:
            self._thread.join(_CLOSE_SECONDS)

    def look(self) -> None:
        """Compare the devices with those of the last look; the first time, with those of the engine's start.

        Raises:
            OutputError: the devices cannot be listed.
        """
        if self._devices is None and "sounddevice" in sys.modules:
            self._devices = output_devices()
        output = self._output()
        apart = output.feels_scans
        devices = self._scanner.devices(apart)
        before = list(devices) if self._devices is None else self._devices
        if apart:
            self._jack_devices = self._jack_devices or [one for one in before if one["host"].startswith("JACK")]
            devices += self._living(output.name)
        else:
            self._jack_devices = []
        self._devices, names = devices, _names(devices)
        if sorted(names) != sorted(_names(before)):
            self._publisher.notify(None, f"{ROOT}/device/changed", tuple(names))
        self._try_again(names)

    def _living(self, playing: str) -> list[dict[str, Any]]:
        """Return JACK's devices, without those that are known to have gone."""
        clients = None if playing == scan.PHYSICAL else self._scanner.jack_clients()
        if clients is None:
            return self._jack_devices
        if playing not in clients and self._port.awaited is None:
            self._port.miss_device()
        return [device for device in self._jack_devices if device["name"] in clients]

    def _try_again(self, names: list[str]) -> None:
        """Return to the device that is missing: at once if something has changed, else after pauses that grow."""
        awaited = self._port.awaited
        if (awaited, names) != self._tried:
            self._tried = awaited, names
            self._next_try = self._pause_seconds = 0.0
        if names and awaited in (*names, ANY_DEVICE) and self._clock() >= self._next_try:
            self._pause_seconds = min(max(2.0 * self._pause_seconds, LOOK_SECONDS), MAX_PAUSE_SECONDS)
            self._next_try = self._clock() + self._pause_seconds
            self._in_background(self._port.return_to_device)

    def _run(self) -> None:
        while not self._closing.is_set():
            output = self._output()
            into_program = output.feels_scans and output.name != scan.PHYSICAL
            if into_program or self._has_listeners() or self._port.awaited is not None:
                with contextlib.suppress(OutputError):  # a sender of /device/list gets the reason
                    self.look()
            self._closing.wait(LOOK_SECONDS)


def _names(devices: list[dict[str, Any]]) -> list[str]:
    return [str(device["name"]) for device in devices]
