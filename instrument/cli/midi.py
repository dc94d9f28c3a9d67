"""`aitunes midi`: MIDI and MPE for an engine that plays, here or in the next process."""

from __future__ import annotations

import argparse
import signal

from aitunes.printable import printable
from instrument.cli.common import UsageError
from instrument.cli.heartbeat import follow_engine
from instrument.cli.sidecar import MIDI_MISSING, midi_is_installed
from instrument.storage.paths import midi_setup
from instrument.terminal import ending_signals, say


def run(options: argparse.Namespace) -> int:
    """Play until the person, or the engine that started it, ends it; or list the ports.

    Raises:
        UsageError: the extra `midi` is not installed.
    """
    if not midi_is_installed():
        raise UsageError(MIDI_MISSING)
    # Here, because it needs what may not be installed.
    from instrument.midi.service import MidiService, list_ports

    if options.list:
        return _print_ports(list_ports())
    service = MidiService(options.connect, midi_setup(options.setup), say, options.clock_out)
    for number in ending_signals():
        signal.signal(number, lambda _number, _frame: service.stop())
    if options.sidecar:
        follow_engine(service.stop, service.call)
    service.run()
    return 0


def _print_ports(systems: list[tuple[str, list[str], list[str]]]) -> int:
    for name, inputs, outputs in systems:
        print(name)
        for kind, ports in (("in", inputs), ("out", outputs)):
            for port in ports:
                print(f"  {kind:3} {printable(port)}")
        if not inputs and not outputs:
            print("  nothing is plugged in")
    if not systems:
        print("There is no MIDI here: no JACK server runs, and the system offers none.")
    return 0
