"""Chooses releases and snapshots by program change: bank 0 the releases, any other bank the snapshots."""

from __future__ import annotations

from collections.abc import Callable

from aitunes.osc.packets import Message
from instrument.midi import controllers as cc
from instrument.midi.messages import ControlChange, ProgramChange
from instrument.namespace import ROOT

_RELEASES, _SNAPSHOTS = f"{ROOT}/release/list", f"{ROOT}/snapshot/list"
_RELEASE, _SNAPSHOT = f"{ROOT}/release", f"{ROOT}/snapshot"
_LOAD, _RECALL = f"{ROOT}/release/load", f"{ROOT}/snapshot/recall"
_MAX_NAMES = 1_024


class Programs:
    """Asks the engine for what there is when a program is chosen, so that the numbers are those of now.

    Args:
        send: sends a message to the engine.
    """

    def __init__(self, send: Callable[..., None]) -> None:
        self._send = send
        self._banks: dict[tuple[str, int], int] = {}
        self._wanted: dict[str, int] = {}
        self._names: dict[str, list[str]] = {_RELEASE: [], _SNAPSHOT: []}
        self._release = ""

    def take(self, device: str, message: ControlChange | ProgramChange) -> None:
        """Take a bank or a program of a device's channel."""
        place = device, message.channel
        if isinstance(message, ProgramChange):
            question = _SNAPSHOTS if self._banks.get(place) else _RELEASES
            self._wanted[question] = message.program
            self._names[question.removesuffix("/list")] = []
            self._send(_LOAD)  # without a name it asks which one plays
            self._send(question)
        elif message.number in (cc.BANK, cc.BANK + cc.FINE):
            # Most keyboards send one of both, and some the bank in the wrong one: what counts is whether it is 0.
            self._banks[place] = message.value

    def hear(self, message: Message) -> None:
        """Take an answer of the engine, and choose once the list is whole."""
        match message:
            case Message("/aitunes/release" | "/aitunes/snapshot" as address, [str(name), *_]):
                if len(self._names[address]) < _MAX_NAMES:
                    self._names[address].append(name)
            case Message("/aitunes/release/load", [str(name)]):
                self._release = name
            case Message("/done", [str(question), *_]) if question in self._wanted:
                self._choose(question, self._wanted.pop(question))

    def _choose(self, question: str, program: int) -> None:
        if question == _RELEASES:
            names = self._names[_RELEASE]
            if program < len(names) and names[program] != self._release:
                self._send(_LOAD, names[program])
            return
        names = sorted(self._names[_SNAPSHOT])
        # The pad names the snapshots of a release after it.
        names = [name for name in names if name.startswith(f"{self._release} ")] or names
        if program < len(names):
            self._send(_RECALL, names[program])
