"""Moves the engine's values by mapped controllers, with soft takeover."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from instrument.midi import controllers as cc
from instrument.midi.controllers import ParameterChange
from instrument.midi.mapping import Control, Mapping, Mode, Source, Target
from instrument.midi.messages import ChannelPressure, ControlChange, Message, NoteOff, NoteOn, PitchBend
from instrument.midi.outbox import Outbox
from instrument.namespace import Value

Feedback = Callable[[Mapping, float], None]
_NEAR = 1.5 / 127.0
"""Sets how near a controller must be to the value that is set to take it over."""
_OWN_SECONDS = 0.3
"""Sets for how long after a controller moved what the engine says of its value is no one else's change."""


@dataclass(frozen=True)
class Move:
    """Describes that a controller moved.

    Args:
        device, channel: where.
        control, number: which.
        value: 0 to the full value of its control; for a note 0 when it is let go.
    """

    device: str
    channel: int
    control: Control
    number: int
    value: int

    @property
    def share(self) -> float:
        """Return its position, 0..1."""
        return self.value / self.control.full

    @property
    def pressed(self) -> bool:
        """Return whether it is in its upper half, or a key that is down."""
        return self.value > 0 if self.control is Control.NOTE else 2 * self.value > self.control.full


class Binding:
    """Keeps a mapping at work: where the controller is, and whether it has taken the value over."""

    def __init__(self, mapping: Mapping) -> None:
        self.mapping = mapping
        self.target = Target(mapping)
        self.position: float | None = None
        self.took_over = False
        self.moved = -1e9

    def reaches(self, position: float, share: float) -> bool:
        """Return whether a controller that moves to a position reaches or passes a share of the range."""
        before = position if self.position is None else self.position
        return min(before, position) - _NEAR <= share <= max(before, position) + _NEAR

    def forget(self, share: float) -> None:
        """Take note that something else has set the value: the controller must reach it again."""
        self.took_over = self.position is not None and abs(self.position - share) <= _NEAR


class Mapper:
    """Moves values by controllers; every method belongs to one thread.

    Args:
        outbox: takes what goes to the engine.
        feedback: sends a message to a controller: device, its mapping, position 0..1.
    """

    def __init__(self, outbox: Outbox, feedback: Feedback = lambda mapping, share: None) -> None:
        self._outbox, self._feedback = outbox, feedback
        self._bindings: list[list[Binding]] = [[], []]
        self._addresses: frozenset[str] = frozenset()
        self._values: dict[str, tuple[Value, ...]] = {}
        self._coarse: dict[tuple[str, int, int], int] = {}

    def use(self, mappings: Iterable[Mapping], defaults: Iterable[Mapping]) -> None:
        """Take mappings of the player's, and defaults for controllers without; what stays keeps its state."""
        before = {binding.mapping: binding for bindings in self._bindings for binding in bindings}
        self._bindings = [
            [before.get(mapping) or Binding(mapping) for mapping in group] for group in (mappings, defaults)
        ]
        self._addresses = frozenset(self.addresses)

    @property
    def addresses(self) -> list[str]:
        """Return the addresses whose values it needs to know."""
        bindings = [binding for group in self._bindings for binding in group if not binding.target.is_button]
        return list(dict.fromkeys(binding.mapping.address for binding in bindings))

    def hear(self, address: str, values: tuple[Value, ...], now: float) -> None:
        """Take note of a value of the engine's, and show it on the controllers that have motors or lights."""
        if address in self._addresses and self._values.get(address) != values:
            self._values[address] = values
            self._show(address, now)

    def _show(self, address: str, now: float, mover: Binding | None = None) -> None:
        """Show the value of an address on its controllers, but not on the one under the player's hand."""
        for binding in (binding for group in self._bindings for binding in group):
            if binding.mapping.address != address or binding.target.is_button:
                continue
            share = self._share(binding)
            held = binding.mapping.mode is Mode.ABSOLUTE and (binding is mover or now - binding.moved < _OWN_SECONDS)
            if share is None or (held and not binding.target.is_switch):
                continue
            binding.forget(share)
            if binding.mapping.feedback:
                self._feedback(binding.mapping, share)

    def take(self, moves: Sequence[Move], now: float) -> bool:
        """Move what a controller is mapped to; return whether it is mapped at all.

        Args:
            moves: what one message says, all of one controller.
            now: seconds that never go back.
        """
        for group in self._bindings:
            bound = [(binding, move) for binding in group for move in moves if _means(binding.mapping.source, move)]
            for binding, move in bound:
                self._apply(binding, move, now)
            if bound:
                return True
        return False

    def moves(self, device: str, message: Message | ParameterChange, channel: int = 0) -> list[Move]:
        """Return what a message says of controllers; one with 14 bits is one of 7 bits, too."""
        match message:
            case ControlChange(channel, number, value) if number not in cc.RESERVED:
                return [Move(device, channel, Control.CONTROLLER, number, value), *self._fine(device, message)]
            case NoteOn(channel, note, velocity):
                return [Move(device, channel, Control.NOTE, note, velocity)]
            case NoteOff(channel, note):
                return [Move(device, channel, Control.NOTE, note, 0)]
            case PitchBend(channel, value):
                return [Move(device, channel, Control.BEND, 0, value)]
            case ChannelPressure(channel, pressure):
                return [Move(device, channel, Control.PRESSURE, 0, pressure)]
            case ParameterChange(False, number, value):
                return [Move(device, channel, Control.NRPN, number, value)]
        return []

    def _fine(self, device: str, message: ControlChange) -> list[Move]:
        number = message.number % cc.FINE
        if message.number >= 2 * cc.FINE or number in cc.RESERVED:
            return []
        place = device, message.channel, number
        if message.number < cc.FINE:
            self._coarse[place] = message.value << 7
        value = self._coarse.get(place, 0) | (message.value if message.number >= cc.FINE else 0)
        return [Move(device, message.channel, Control.CONTROLLER14, number, value)]

    def _apply(self, binding: Binding, move: Move, now: float) -> None:
        mapping, target = binding.mapping, binding.target
        binding.moved = now
        if target.is_button:
            if move.pressed and not (binding.position or 0.0) > 0.5:
                self._outbox.act(mapping.address, *mapping.send)
            binding.position = 1.0 if move.pressed else 0.0
        elif mapping.mode.is_relative:
            self._turn(binding, mapping.mode.turned(move.value), now)
        elif target.is_switch or mapping.mode in (Mode.TOGGLE, Mode.MOMENTARY):
            self._press(binding, move, now)
        else:
            share = self._share(binding)
            binding.took_over = (
                binding.took_over or not mapping.takeover or share is None or binding.reaches(move.share, share)
            )
            binding.position = move.share
            if binding.took_over:
                self._set(binding, target.value(move.share), now)

    def _turn(self, binding: Binding, steps: int, now: float) -> None:
        share = self._share(binding)
        if share is not None:  # where a value is not known yet, there is nothing to add to
            self._set(binding, binding.target.value(min(max(share + steps / 127.0, 0.0), 1.0)), now)

    def _press(self, binding: Binding, move: Move, now: float) -> None:
        was_pressed, binding.position = (binding.position or 0.0) > 0.5, 1.0 if move.pressed else 0.0
        if move.pressed == was_pressed:
            return
        target = binding.target
        if binding.mapping.mode is Mode.MOMENTARY:
            on = move.pressed
        elif move.pressed:
            on = not (self._share(binding) or 0.0) > 0.5
        else:
            return
        self._set(binding, on if target.is_switch else target.value(float(on)), now)

    def _set(self, binding: Binding, value: Value, now: float) -> None:
        address, place = binding.mapping.address, binding.mapping.argument - 1
        values = list(self._values.get(address, ()))
        if len(values) != len(binding.target.row.arguments):
            if len(binding.target.row.arguments) > 1:
                return  # the other values of the address are not known yet
            values = [value]
        values[place] = value
        self._values[address] = tuple(values)
        self._outbox.stream(address, *values)
        self._show(address, now, binding)

    def _share(self, binding: Binding) -> float | None:
        """Return where the value of a mapping's address lies in its range; None where it is not known."""
        values, place = self._values.get(binding.mapping.address, ()), binding.mapping.argument - 1
        if place >= len(values) or not isinstance(values[place], int | float):
            return None
        return binding.target.share(float(values[place]))


def _means(source: Source, move: Move) -> bool:
    same = (source.control, source.number) == (move.control, move.number)
    return same and source.hears(move.device, move.channel)
