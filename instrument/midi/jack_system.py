"""Reaches JACK's MIDI ports through JACK-Client: every event keeps its frame."""

from __future__ import annotations

import contextlib
import math
import time
from collections import deque
from collections.abc import Mapping

import jack

from instrument.midi.ports import OWN_NAME, Arrival, MidiError, Receive, TransportPlace

_OWN_INPUT, _OWN_OUTPUT = "in", "out"
_PLAIN_NAMES = "^[ -~]*$"
_MAX_WAITING = 4_096
"""Limits the messages that wait to be sent."""


class JackSystem:
    """Connects JACK's sources of MIDI to inputs of its own, one for each.

    JACK calls `_process` on its real-time thread. It does nothing but copy: a Python function there may be late, and
    JACK then reports an interruption of this client, not of the engine, which is another one.

    Args:
        receive: takes what arrives.

    Raises:
        MidiError: no JACK server runs.
    """

    name = "JACK"

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.alive = True
        # Looking for a server that does not run is no error here, but JACK's library prints some lines each time.
        jack.set_error_function(lambda line: None)
        jack.set_info_function(lambda line: None)
        try:
            self._client = jack.Client(f"{OWN_NAME}-MIDI", no_start_server=True)
        except jack.JackError as error:
            raise MidiError("No JACK server runs.") from error
        self._sources: dict[str, jack.OwnMidiPort] = {}
        self._inputs: tuple[tuple[str, jack.OwnMidiPort], ...] = ()
        self._outputs: dict[str, jack.OwnMidiPort] = {}
        self._sinks: tuple[jack.OwnMidiPort, ...] = ()
        self._next_frame: int | None = None
        self._missed = 0
        self._waiting: deque[tuple[jack.OwnMidiPort, bytes]] = deque(maxlen=_MAX_WAITING)
        self._client.set_process_callback(self._process)
        self._client.set_shutdown_callback(self._end)
        self._client.activate()

    def inputs(self) -> list[str]:
        """Return the names of the physical ports that send MIDI; programs connect themselves to the own port."""
        return self._others(is_output=True)

    def outputs(self) -> list[str]:
        """Return the names of the physical ports that take MIDI."""
        return self._others(is_input=True)

    def open_own(self) -> list[str]:
        """Register `AiTunes-MIDI:in` and `AiTunes-MIDI:out`."""
        own = self._client.midi_inports.register(_OWN_INPUT)
        self._take_output(OWN_NAME, self._client.midi_outports.register(_OWN_OUTPUT))
        self._inputs = (*self._inputs, (OWN_NAME, own))
        return [OWN_NAME]

    def open_input(self, name: str) -> None:
        """Connect a source to an input of its own, so that two keyboards stay apart.

        Raises:
            MidiError: JACK refuses.
        """
        try:
            port = self._client.midi_inports.register(_free_name(name, self._client.midi_inports))
            self._sources[name] = port
            self._inputs = (*self._inputs, (name, port))
            self._client.connect(name, port)
        except jack.JackError as error:
            raise MidiError(f"{name} cannot be opened ({error}).") from error

    def close_input(self, name: str) -> None:
        """Take the input of a source away."""
        port = self._sources.pop(name, None)
        if port is not None:
            self._inputs = tuple(pair for pair in self._inputs if pair[1] is not port)
            # JACK's thread may be reading it in this period.
            time.sleep(2.0 * self._client.blocksize / self._client.samplerate)
            with contextlib.suppress(jack.JackError):
                port.unregister()

    def send(self, name: str, data: bytes) -> None:
        """Send a message in the next period."""
        if name not in self._outputs:
            try:
                port = self._client.midi_outports.register(_free_name(name, self._client.midi_outports))
                self._client.connect(port, name)
            except jack.JackError:
                return
            self._take_output(name, port)
        self._waiting.append((self._outputs[name], data))

    def take_missed(self) -> int:
        """Return how many periods JACK has gone on without this client since the last call."""
        missed, self._missed = self._missed, 0
        return missed

    def transport(self) -> TransportPlace | None:
        """Return where JACK's transport is; None where its server has ended, or is just moving it."""
        if not self.alive:
            return None
        client = self._client
        now = time.time() - client.frames_since_cycle_start / client.samplerate
        # Read while JACK writes it, a position contradicts itself, which the library asserts.
        with contextlib.suppress(jack.JackError, AssertionError):
            state, position = client.transport_query()
            beat, tempo = _counted(position)
            return TransportPlace(state == jack.ROLLING, position["frame"] / client.samplerate, now, beat, tempo)
        return None

    def close(self) -> None:
        """Leave JACK."""
        with contextlib.suppress(jack.JackError):
            self._client.deactivate()
        self._client.close()

    def _others(self, **direction: bool) -> list[str]:
        # A port that goes while they are listed makes the list fail, and one whose name is no text every list with it.
        for pattern in ("", "", _PLAIN_NAMES):
            if not self.alive:
                break
            with contextlib.suppress(jack.JackError, UnicodeDecodeError):
                ports = self._client.get_ports(pattern, is_midi=True, is_physical=True, **direction)
                return [port.name for port in ports if not self._client.owns(port)]
        return []

    def _take_output(self, name: str, port: jack.OwnMidiPort) -> None:
        self._outputs[name] = port
        self._sinks = tuple(self._outputs.values())

    def _end(self, status: object, why: str) -> None:
        self.alive = False

    def _process(self, frames: int) -> None:
        client = self._client
        seconds_a_frame = 1.0 / client.samplerate
        first_frame = client.last_frame_time
        if self._next_frame is not None and first_frame > self._next_frame:
            self._missed += (first_frame - self._next_frame) // frames
        self._next_frame = first_frame + frames
        begin = time.time() - client.frames_since_cycle_start * seconds_a_frame
        for name, port in self._inputs:
            for offset, data in port.incoming_midi_events():
                self._receive(Arrival(name, bytes(data), begin + offset * seconds_a_frame))
        for port in self._sinks:
            port.clear_buffer()
        while self._waiting:
            port, data = self._waiting.popleft()
            with contextlib.suppress(jack.JackError):
                port.write_midi_event(0, data)


def _counted(position: Mapping[str, float]) -> tuple[float | None, float | None]:
    """Return beat and tempo in quarter notes; None where no program counts bars, or one counts nonsense."""
    keys = ("bar", "beat", "tick", "beats_per_bar", "beat_type", "ticks_per_beat", "beats_per_minute")
    if any(not math.isfinite(position.get(key, math.nan)) for key in keys):
        return None, None
    bar, beat, tick, beats_per_bar, beat_type, ticks_per_beat, tempo = (float(position[key]) for key in keys)
    if min(beats_per_bar, beat_type, ticks_per_beat, tempo) <= 0.0:
        return None, None
    quarters = 4.0 / beat_type
    return ((bar - 1.0) * beats_per_bar + beat - 1.0 + tick / ticks_per_beat) * quarters, tempo * quarters


def _free_name(name: str, ports: jack.Ports) -> str:
    """Return a short name for a port of our own that tells which one it belongs to."""
    used = {port.shortname for port in ports}
    base = name.replace(":", " ")[:60]
    return next(free for n in range(1, 10_000) if (free := base if n == 1 else f"{base} {n}") not in used)
