"""Opens every input that appears and forgets those that go; looked at once a second."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from instrument.midi.ports import OWN_NAME, MidiError, MidiSystem, Receive

Open = Callable[[Receive], MidiSystem]


def jack(receive: Receive) -> MidiSystem:
    """Join the JACK server that runs.

    Raises:
        MidiError: none runs, or JACK is not installed.
    """
    try:
        from instrument.midi.jack_system import JackSystem
    except (ImportError, OSError) as error:  # OSError: there is no libjack
        raise MidiError("JACK is not installed.") from error
    return JackSystem(receive)


def system(receive: Receive) -> MidiSystem:
    """Open the MIDI of the operating system.

    Raises:
        MidiError: there is none, or python-rtmidi is not installed.
    """
    try:
        from instrument.midi.rtmidi_system import RtMidiSystem
    except ImportError as error:
        raise MidiError("python-rtmidi is not installed.") from error
    return RtMidiSystem(receive)


SYSTEMS: tuple[Open, ...] = (jack, system)
"""Lists the systems in their order: where one has inputs, those after it keep theirs closed.

The same keyboard is often in two of them, through a2jmidid or PipeWire, and would play every note twice.
"""


class PortWatch:
    """Keeps the inputs of all systems open.

    Args:
        receive: takes what arrives, on threads of the systems.
        on_close: is called with the name of an input that has gone.
        log: takes a sentence for the terminal.
        systems: open the systems.
    """

    def __init__(
        self,
        receive: Receive,
        on_close: Callable[[str], None],
        log: Callable[[str], None],
        systems: Sequence[Open] = SYSTEMS,
    ) -> None:
        self._receive, self._on_close, self._log = receive, on_close, log
        self._open = systems
        self._systems: dict[Open, MidiSystem] = {}
        self._inputs: dict[str, MidiSystem] = {}
        self._refused: set[str] = set()
        self._partners: dict[str, str | None] = {}

    @property
    def systems(self) -> list[MidiSystem]:
        """Return the systems that are open."""
        return list(self._systems.values())

    @property
    def inputs(self) -> list[str]:
        """Return the names of the inputs that are open, without the own port."""
        return [name for name in self._inputs if name != OWN_NAME]

    def scan(self) -> None:
        """Look at what is there, open what has come and forget what has gone."""
        self._open_systems()
        there = self._there()
        for name in [name for name in self._inputs if name not in there and name != OWN_NAME]:
            self._close(name)
        self._refused &= there.keys()
        for name in there.keys() - self._inputs.keys() - self._refused:
            self._open_input(name, there[name])
        outputs = {opened: opened.outputs() for opened in self._systems.values()}
        self._partners = {
            name: OWN_NAME if name == OWN_NAME else _partner(name, outputs.get(opened, []))
            for name, opened in self._inputs.items()
        }

    def send(self, device: str, data: bytes) -> None:
        """Send to the outputs of the inputs whose names have `device` in them, all of them where it is empty."""
        for name, opened in self._inputs.items():
            partner = self._partners.get(name)
            if partner is not None and device.lower() in name.lower():
                opened.send(partner, data)

    def close(self) -> None:
        """Close everything."""
        for system in self.systems:
            system.close()
        self._systems.clear()

    def _open_systems(self) -> None:
        for open_system in self._open:
            held = self._systems.get(open_system)
            if held is not None and held.alive:
                continue
            if held is not None:
                self._drop(open_system, held)
            try:
                opened = self._systems[open_system] = open_system(self._receive)
            except MidiError:
                continue
            for name in opened.open_own():
                self._inputs.setdefault(name, opened)

    def _drop(self, open_system: Open, held: MidiSystem) -> None:
        for name in [name for name, owner in self._inputs.items() if owner is held]:
            self._close(name)
        held.close()
        del self._systems[open_system]

    def _there(self) -> dict[str, MidiSystem]:
        for open_system in self._open:
            opened = self._systems.get(open_system)
            names = [] if opened is None else opened.inputs()
            if opened is not None and names:
                return dict.fromkeys(names, opened)
        return {}

    def _open_input(self, name: str, opened: MidiSystem) -> None:
        try:
            opened.open_input(name)
        except MidiError as error:
            self._refused.add(name)  # said once, and tried again when it has gone and come back
            self._log(str(error))
        else:
            self._inputs[name] = opened

    def _close(self, name: str) -> None:
        self._inputs.pop(name).close_input(name)
        self._on_close(name)


def _partner(name: str, outputs: list[str]) -> str | None:
    """Return the output of the device that an input belongs to: most names differ in one word or number only.

    >>> _partner("system:midi_capture_1", ["system:midi_playback_1", "system:midi_playback_2"])
    'system:midi_playback_1'
    >>> _partner("nanoKONTROL2:nanoKONTROL2 _ SLIDER/KNOB", ["Launchkey", "nanoKONTROL2:nanoKONTROL2 _ CTRL"])
    'nanoKONTROL2:nanoKONTROL2 _ CTRL'
    """
    renamed = name.replace("capture", "playback").replace(" In", " Out").replace("IN", "OUT")
    if renamed in outputs:
        return renamed
    device = name.split(":")[0].split(" MIDI")[0]
    return next((output for output in outputs if output.startswith(device)), None)
