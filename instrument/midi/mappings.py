"""Keeps the set-up of mappings: its file, what is learned, what the engine's clients ask for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from aitunes.errors import reason
from aitunes.osc.packets import Message
from instrument.midi.learner import Learner
from instrument.midi.mapper import Mapper
from instrument.midi.mapping import Mapping, MappingError
from instrument.midi.setup import MAX_CHARACTERS, Setup
from instrument.midi.setup_file import SetupFile
from instrument.namespace import MIDI
from instrument.storage.paths import PathError, midi_setup

_LEARN, _FORGET, _MAP = (f"{MIDI}/{name}" for name in ("learn", "forget", "map"))
LIST, NOTICE, SETUP = f"{MIDI}/list", f"{MIDI}/notice", f"{MIDI}/setup"
_UNREAD = (0, 0)
DEFAULTS = Path(__file__).parent / "defaults.toml"


class Mappings:
    """Reads, learns and writes mappings; every method belongs to one thread.

    Args:
        path: the set-up's file; there is none before something is learned.
        mapper: uses the mappings.
        send: sends a message to the engine.
        log: takes sentences for the terminal.
    """

    def __init__(self, path: Path, mapper: Mapper, send: Callable[..., None], log: Callable[[str], None]) -> None:
        self._path, self._mapper, self._send, self._log = path, mapper, send, log
        self._file = SetupFile(path, self.tell)
        self.defaults = Setup(DEFAULTS.read_text(encoding="utf-8"))
        self.setup = Setup()
        self._stamp: tuple[int, int] | None = None
        self.learner = Learner(self._learned)
        self._use(self.setup)
        self.look()

    def look(self) -> bool:
        """Read the file again where somebody has changed it; return whether that was so."""
        if self._present_stamp() == self._stamp:
            return False
        self._use(self._read())
        self._stamp = self._present_stamp()
        for fault in self.setup.faults:
            self.tell(f"{self._path.name}: {fault}")
        if spare := self.setup.spare:
            count = "one mapping counts as it was" if len(spare) == 1 else f"{len(spare)} mappings count as they were"
            self.tell(f"{self._path.name}: until that is mended, {count} before.")
        return True

    def publish(self) -> None:
        """Send the set-up to the engine, and ask for the values that the mappings move."""
        self._send(LIST, self.setup.text)
        self.ask()

    def ask(self) -> None:
        """Ask the engine for the values that the mappings move."""
        for address in self._mapper.addresses:
            self._send(address)

    def tell(self, sentence: str) -> None:
        """Say something at the terminal and in the pad."""
        self._log(f"MIDI: {sentence}")
        self._send(NOTICE, sentence)

    def handle(self, message: Message) -> bool:
        """Do what a client of the engine asks; return whether it was for the mappings."""
        try:
            match message:
                case Message(address, [str(target)]) if address == _LEARN:
                    self.learner.learn(target)
                case Message(address, [str(target), int(argument)]) if address == _LEARN:
                    self.learner.learn(target, argument)
                case Message(address, [str(target)]) if address == _FORGET:
                    self._change(self.setup.without(target))
                case Message(address, [str(text)]) if address == _MAP:
                    self._map(text)
                case Message(address, [str(name)]) if address == SETUP:
                    self._open(name)
                case Message(address, [str(text)]) if address == LIST:
                    if text != self.setup.text:  # somebody else's; the file is what counts
                        self._send(LIST, self.setup.text)
                case _:
                    return False
        except MappingError as error:
            self._send(_LEARN, self.learner.address)
            self.tell(f"{error}.")
        return True

    def _open(self, name: str) -> None:
        """Have the next look read another file of mappings; "" is what an engine says that nobody has asked."""
        if not name:
            return
        try:
            path = midi_setup(name)
        except PathError as error:
            self.tell(str(error))
            return
        if path == self._path:
            return
        self._path, self._file, self._stamp = path, SetupFile(path, self.tell), _UNREAD
        self.learner.learn("")

    def _map(self, text: str) -> None:
        added = Setup(text)
        if added.faults or not added.mappings:
            self.tell(" ".join(added.faults) or "A mapping begins with [[mapping]].")
            return
        setup = self.setup
        for mapping in added.mappings:
            setup = setup.with_mapping(mapping)
        self._change(setup)

    def _learned(self, mapping: Mapping) -> None:
        self._change(self.setup.learned(mapping))
        self._send(_LEARN, "")

    def _change(self, setup: Setup) -> None:
        if len(setup.text) > MAX_CHARACTERS:
            self.tell("There are too many mappings; forget some first.")
            return
        self._use(setup)
        try:
            self._file.write(setup)
            self._stamp = self._present_stamp()
        except OSError as error:
            self.tell(f"{self._path} cannot be written ({reason(error)}); the mapping lasts until MIDI ends.")
        self.publish()

    def _use(self, setup: Setup) -> None:
        self.setup = setup
        self._mapper.use(setup.active, self.defaults.mappings)

    def _read(self) -> Setup:
        try:
            return self._file.read()
        except OSError as error:
            self.tell(f"{self._path} cannot be read ({reason(error)}).")
        return Setup()

    def _present_stamp(self) -> tuple[int, int] | None:
        """Return what tells a changed file from the one that was read; None where there is none."""
        try:
            status = self._path.stat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size
