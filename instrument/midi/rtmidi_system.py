"""Reaches the ports of ALSA, CoreMIDI and Windows through python-rtmidi."""

from __future__ import annotations

import contextlib
import re
import time
from pathlib import Path
from typing import Any

import rtmidi

from instrument.midi.ports import OWN_NAME, Arrival, MidiError, Receive

_APIS = {rtmidi.API_LINUX_ALSA: "ALSA", rtmidi.API_MACOSX_CORE: "CoreMIDI", rtmidi.API_WINDOWS_MM: "Windows"}
_ALSA_SEQUENCER = Path("/dev/snd/seq")
_NUMBERS = re.compile(r" \d+:\d+$")
"""ALSA ends a port's name in numbers that change when it is plugged in again."""
_NO_DEVICES = ("Midi Through", OWN_NAME, "RtMidi")


class RtMidiSystem:
    """Opens inputs with a callback each, which RtMidi calls on a thread of its own as soon as something comes.

    Args:
        receive: takes what arrives.
        api: one of RtMidi's numbers; by default the one of this operating system.

    Raises:
        MidiError: there is no MIDI here.
    """

    def __init__(self, receive: Receive, api: int | None = None) -> None:
        compiled = rtmidi.get_compiled_api()
        chosen = api if api is not None else next((known for known in _APIS if known in compiled), None)
        if chosen is None:
            raise MidiError("python-rtmidi knows no MIDI system of this computer.")
        if chosen == rtmidi.API_LINUX_ALSA and not _ALSA_SEQUENCER.exists():
            raise MidiError("Linux has no MIDI here: /dev/snd/seq is missing.")
        self.name = _APIS.get(chosen, rtmidi.get_api_display_name(chosen))
        self.alive = True
        self._api, self._receive = chosen, receive
        self._opened: dict[str, rtmidi.MidiIn] = {}
        self._outputs: dict[str, rtmidi.MidiOut | None] = {}
        self._numbers: dict[bool, dict[str, int]] = {}
        try:
            self._looks_at_inputs = rtmidi.MidiIn(chosen, name=OWN_NAME)
            self._looks_at_outputs = rtmidi.MidiOut(chosen, name=OWN_NAME)
        except Exception as error:  # SystemError where there is no /dev/snd/seq, rtmidi's own elsewhere
            raise MidiError(f"{self.name} has no MIDI here.") from error

    def inputs(self) -> list[str]:
        """Return the names of the inputs, without those of programs that pass on what they get."""
        return list(self._names(self._looks_at_inputs))

    def outputs(self) -> list[str]:
        """Return the names of the outputs."""
        return list(self._names(self._looks_at_outputs))

    def open_own(self) -> list[str]:
        """Make the virtual port; Windows has no such."""
        own = rtmidi.MidiIn(self._api, name=OWN_NAME)
        try:
            own.open_virtual_port(OWN_NAME)
            output = rtmidi.MidiOut(self._api, name=OWN_NAME)
            output.open_virtual_port(OWN_NAME)
        except Exception:  # noqa: BLE001  NotImplementedError, and RtMidi's own
            return []
        self._listen(own, OWN_NAME)
        self._opened[OWN_NAME], self._outputs[OWN_NAME] = own, output
        return [OWN_NAME]

    def open_input(self, name: str) -> None:
        """Listen to an input.

        Raises:
            MidiError: it cannot be opened.
        """
        number = self._names(self._looks_at_inputs).get(name)
        if number is None:
            raise MidiError(f"{name} has gone.")
        try:
            port = rtmidi.MidiIn(self._api, name=OWN_NAME)
            self._listen(port, name)
            port.open_port(number, name=f"{OWN_NAME} {name}"[:60])
        except Exception as error:  # RtMidi's own share no base class with ours
            raise MidiError(f"{name} cannot be opened; does another program hold it? ({error})") from error
        self._opened[name] = port

    def close_input(self, name: str) -> None:
        """Listen no longer."""
        port = self._opened.pop(name, None)
        if port is not None:
            with contextlib.suppress(Exception):
                port.cancel_callback()
                port.close_port()

    def send(self, name: str, data: bytes) -> None:
        """Send a message at once."""
        if name not in self._outputs:
            self._outputs[name] = self._open_output(name)
        output = self._outputs[name]
        if output is not None:
            try:
                output.send_message(data)
            except Exception:  # noqa: BLE001  the device has been unplugged
                del self._outputs[name]

    def transport(self) -> None:
        """Return None: these systems have no transport that programs share."""

    def take_missed(self) -> int:
        """Return 0: RtMidi's own thread takes what comes."""
        return 0

    def close(self) -> None:
        """Close all ports."""
        for name in list(self._opened):
            self.close_input(name)
        for output in self._outputs.values():
            if output is not None:
                with contextlib.suppress(Exception):
                    output.close_port()

    def _open_output(self, name: str) -> Any:
        number = self._names(self._looks_at_outputs).get(name)
        if number is None:
            return None
        output = rtmidi.MidiOut(self._api, name=OWN_NAME)
        with contextlib.suppress(Exception):
            output.open_port(number)
            return output
        return None

    def _listen(self, port: Any, name: str) -> None:
        port.ignore_types(sysex=True, timing=False, active_sense=False)
        port.set_callback(
            lambda event, _: self._receive(Arrival(name, bytes(byte & 0xFF for byte in event[0]), time.time()))
        )

    def _names(self, looks: Any) -> dict[str, int]:
        """Return the number of each port by its name, which stays the same when it is plugged in again."""
        numbers: dict[str, int] = {}
        try:
            ports = looks.get_ports()
        except Exception:  # noqa: BLE001  one has gone while they were listed; they are listed again in a second
            return self._numbers.get(looks is self._looks_at_inputs, numbers)
        for number, full in enumerate(ports):
            base = _NUMBERS.sub("", full)
            if not any(part in base for part in _NO_DEVICES):
                name = next(n for n in (base, *(f"{base} #{k}" for k in range(2, 9_999))) if n not in numbers)
                numbers[name] = number
        self._numbers[looks is self._looks_at_inputs] = numbers
        return numbers
