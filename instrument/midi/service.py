"""Runs MIDI beside an engine: what comes from ports and from the engine is handled on one thread, in its order."""

from __future__ import annotations

import gc
import queue
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from aitunes.osc.packets import Message
from aitunes.printable import printable
from instrument.midi.clock import MAX_TEMPO, MIN_TEMPO, TEMPO, ClockFollower, ClockSource
from instrument.midi.engine_link import EngineLink
from instrument.midi.feedback import Feedback
from instrument.midi.mapper import Mapper
from instrument.midi.mappings import SETUP, Mappings
from instrument.midi.messages import RealTime, encode
from instrument.midi.outbox import Outbox
from instrument.midi.player import Player
from instrument.midi.port_watch import SYSTEMS, Open, PortWatch
from instrument.midi.ports import Arrival, MidiError
from instrument.midi.programs import Programs
from instrument.midi.transport import TransportFollower
from instrument.namespace import MIDI, PANIC, ROOT
from instrument.scheduling import CONTROL_PRIORITY, raised_priority, tuned_interpreter

SCAN_SECONDS = 1.0
_TICK_SECONDS = 0.05
_MAX_WAITING = 10_000
"""Limits what waits; a port that floods faster than it can be played loses the rest, and its notes end."""
_MAX_BYTES = 4_096
"""Of one arrival; only system exclusive messages are longer, and nothing here plays them."""
_Item = Arrival | Message | Callable[[], None]


class MidiService:
    """Plays one engine from all MIDI inputs, until it is stopped.

    Args:
        engine: host and port where it listens.
        setup: the file of mappings.
        log: takes sentences for the terminal.
        clock_out: send a clock at the engine's tempo to every output.
        systems: open the MIDI systems.
    """

    def __init__(
        self,
        engine: tuple[str, int],
        setup: Path,
        log: Callable[[str], None],
        clock_out: bool = False,
        systems: Sequence[Open] = SYSTEMS,
    ) -> None:
        self._log = log
        self._waiting: queue.SimpleQueue[_Item] = queue.SimpleQueue()
        self._overrun: set[str] = set()
        self._link = EngineLink(*engine, self._hear, lambda: self._waiting.put(self._greet))
        self._watch = PortWatch(self._receive, self._forget, log, systems)
        outbox = self._outbox = Outbox(self._link.send_datagram, lambda: self._link.delay)
        mapper = self._mapper = Mapper(outbox, Feedback(self._watch).show)
        self._mappings = Mappings(setup, mapper, self._link.send, log)
        self._programs = Programs(self._link.send)
        self._player = Player(outbox, mapper, self._mappings, self._programs, ClockFollower(outbox))
        self._transport = TransportFollower(outbox)
        self._clock_out = ClockSource() if clock_out else None
        self._stopping = threading.Event()
        self._named: list[str] | None = None

    def run(self) -> None:
        """Play until `stop`."""
        try:
            # It stands between a key and its sound. JACK's thread waits for this interpreter, so that none of its
            # threads may be held up by other programs.
            with tuned_interpreter(), raised_priority(CONTROL_PRIORITY):
                self._link.start()
                self._play_until_stopped()
        finally:
            self._player.end_all()
            self._outbox.flush(time.monotonic())
            self._watch.close()
            self._link.close()

    def stop(self) -> None:
        """End soon; from any thread or signal."""
        self._stopping.set()

    def call(self, function: Callable[[], None]) -> None:
        """Have the thread that handles everything call a function; from any thread."""
        self._waiting.put(function)

    def _play_until_stopped(self) -> None:
        scan_due = look_due = 0.0
        while not self._stopping.is_set():
            now = time.monotonic()
            if now >= scan_due:
                scan_due = now + SCAN_SECONDS
                self._scan()
            if now >= look_due:
                look_due = now + _TICK_SECONDS
                self._look_at_transport()
            self._play(min(_TICK_SECONDS, scan_due - now))

    def _receive(self, arrival: Arrival) -> None:
        if len(arrival.data) > _MAX_BYTES:
            return
        if self._waiting.qsize() < _MAX_WAITING:
            self._waiting.put(arrival)
        else:
            self._overrun.add(arrival.port)

    def _hear(self, message: Message) -> None:
        if self._waiting.qsize() < _MAX_WAITING:
            self._waiting.put(message)

    def _end_overrun(self) -> None:
        """End the notes of inputs that have lost something, which may have been the end of one."""
        ports, self._overrun = self._overrun, set()
        for port in sorted(ports):
            self._player.forget(port)
            self._log(
                f"MIDI: {port} sends faster than can be played; some of it is left out, and its notes have ended."
            )

    def _forget(self, port: str) -> None:
        self._player.forget(port)

    def _scan(self) -> None:
        """Look at what may have changed: ports, and the file of mappings."""
        self._watch.scan()
        gc.collect(0)  # nothing else collects; what lives for long is frozen, so this takes microseconds
        for opened in self._watch.systems:
            if (missed := opened.take_missed()) > 0:
                late = f"{opened.name} went on for {missed} periods while this process was held up"
                self._log(f"MIDI: {late}; if a note hangs, {PANIC} ends it.")
        self._look_at_mappings()
        names = self._watch.inputs
        if names != self._named:
            self._named = names
            self._log(f"MIDI: {', '.join(names)}." if names else "MIDI: no input is plugged in; they are looked for.")
            self._link.send(f"{MIDI}/inputs", "\n".join(map(printable, names)))

    def _look_at_mappings(self) -> None:
        if self._mappings.look():
            self._player.set_zones()
            self._mappings.publish()

    def _look_at_transport(self) -> None:
        for opened in self._watch.systems:
            if (place := opened.transport()) is not None:
                self._transport.take(place)

    def _play(self, seconds: float) -> None:
        """Handle what comes within a time, and what waits with it."""
        try:
            item = self._waiting.get(timeout=self._wait_seconds(seconds))
        except queue.Empty:
            pass
        else:
            self._handle(item)
            for _ in range(self._waiting.qsize()):
                self._handle(self._waiting.get())
            if self._overrun and self._waiting.qsize() < _MAX_WAITING // 2:
                self._end_overrun()
        now = time.monotonic()
        self._player.check_sensing(now)
        self._outbox.flush(now)
        if self._clock_out is not None:
            for _ in range(self._clock_out.due(now)):
                self._watch.send("", encode(RealTime.CLOCK))

    def _wait_seconds(self, seconds: float) -> float:
        now = time.monotonic()
        due = self._outbox.wait_seconds(now)
        waits = [seconds] if due is None else [seconds, due]
        return min([*waits, self._clock_out.wait_seconds(now)] if self._clock_out is not None else waits)

    def _handle(self, item: _Item) -> None:
        if isinstance(item, Arrival):
            self._player.take(item, time.monotonic())
        elif not isinstance(item, Message):
            item()
        elif self._mappings.handle(item):
            if item.address == SETUP:
                self._look_at_mappings()
        else:
            self._programs.hear(item)
            self._mapper.hear(item.address, tuple(item.arguments), time.monotonic())
            if item.address == f"{ROOT}/release/load":
                self._mappings.ask()
            match item:
                case Message(address, [int(tempo) | float(tempo)]) if address == TEMPO:
                    self._take_tempo(min(max(float(tempo), MIN_TEMPO), MAX_TEMPO))

    def _take_tempo(self, tempo: float) -> None:
        self._transport.tempo = tempo
        if self._clock_out is not None:
            self._clock_out.tempo = tempo

    def _greet(self) -> None:
        """Tell an engine that has just answered what there is, and ask what it plays."""
        self._link.send(f"{MIDI}/inputs", "\n".join(map(printable, self._watch.inputs)))
        self._mappings.publish()
        self._link.send(SETUP)
        self._link.send(TEMPO)


def list_ports(systems: Sequence[Open] = SYSTEMS) -> list[tuple[str, list[str], list[str]]]:
    """Return the MIDI systems of this machine with their inputs and outputs."""
    found = []
    for open_system in systems:
        try:
            opened = open_system(lambda arrival: None)
        except MidiError:
            continue
        found.append((opened.name, opened.inputs(), opened.outputs()))
        opened.close()
    return found
