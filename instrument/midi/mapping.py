"""Describes which controller moves which address of the engine, and how."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aitunes.errors import AiTunesError
from instrument.midi.controllers import FINE, RESERVED
from instrument.namespace import MAX_BEND, TABLE, Address, Argument, Kind, Value

_MAX_LATENT = 4_096
_MAX_SENT = 2**31 - 1


class MappingError(AiTunesError):
    """Says what is wrong with a mapping.

    Args:
        sentence: what, and what to do.
        key: of the mapping's table, where one is at fault.
    """

    def __init__(self, sentence: str, key: str = "") -> None:
        super().__init__(sentence)
        self.key = key


class Mode(StrEnum):
    """Says what the values of a controller mean.

    The three kinds of encoders send how far they were turned: two's complement (1 up, 127 down), around 64 (65 up,
    63 down), or with a sign bit (1 up, 65 down).
    """

    ABSOLUTE = "absolute"
    TWOS_COMPLEMENT = "relative-twos-complement"
    OFFSET = "relative-offset"
    SIGN_BIT = "relative-sign-bit"
    TOGGLE = "toggle"
    MOMENTARY = "momentary"

    def turned(self, value: int) -> int:
        """Return by how many steps an encoder was turned.

        >>> Mode.TWOS_COMPLEMENT.turned(127), Mode.OFFSET.turned(62), Mode.SIGN_BIT.turned(67)
        (-1, -2, -3)
        """
        if self is Mode.OFFSET:
            return value - 64
        if self is Mode.SIGN_BIT:
            return value if value < 64 else 64 - value
        return value if value < 64 else value - 128

    @property
    def is_relative(self) -> bool:
        """Return whether values are distances."""
        return self in (Mode.TWOS_COMPLEMENT, Mode.OFFSET, Mode.SIGN_BIT)


class Control(StrEnum):
    """Lists what a controller can be."""

    CONTROLLER = "controller"
    CONTROLLER14 = "controller14"
    NOTE = "note"
    NRPN = "nrpn"
    BEND = "bend"
    PRESSURE = "pressure"

    @property
    def is_numbered(self) -> bool:
        """Return whether there are many of the kind."""
        return self not in (Control.BEND, Control.PRESSURE)

    @property
    def full(self) -> int:
        """Return its largest value."""
        return 16_383 if self in (Control.CONTROLLER14, Control.NRPN, Control.BEND) else 127


_NUMBERS = {Control.CONTROLLER: 119, Control.CONTROLLER14: 31, Control.NOTE: 127, Control.NRPN: 16_382}


@dataclass(frozen=True)
class Source:
    """Names a controller.

    Args:
        control: its kind.
        number: which of its kind; 0 where there is one alone.
        channel: 1 to 16; 0 for any.
        device: a part of the input's name; empty for any.
    """

    control: Control
    number: int = 0
    channel: int = 0
    device: str = ""

    @property
    def title(self) -> str:
        """Return its name for a person.

        >>> Source(Control.CONTROLLER, 21, 3).title
        'CC 21, channel 3'
        """
        kinds = {Control.CONTROLLER: "CC", Control.CONTROLLER14: "CC", Control.NRPN: "NRPN"}
        name = kinds.get(self.control, self.control.capitalize())
        name += f" {self.number}" if self.control.is_numbered else ""
        fine = " (14 bits)" if self.control is Control.CONTROLLER14 else ""
        return name + fine + (f", channel {self.channel}" if self.channel else "")

    def hears(self, device: str, channel: int) -> bool:
        """Return whether it is one of a device and channel."""
        return self.channel in (0, channel) and self.device.lower() in device.lower()


@dataclass(frozen=True)
class Mapping:
    """Binds a controller to an address.

    Args:
        address: of the engine.
        source: the controller.
        mode: meaning of its values.
        low, high: what its ends mean; NaN for the ends of the address's own range.
        argument: which of the address's values it moves, from 1.
        takeover: whether it must first reach the value that is set, so that nothing jumps.
        feedback: whether the value is sent to the controller, for motors and lights.
        send: arguments of a command that a button sends.
    """

    address: str
    source: Source
    mode: Mode = Mode.ABSOLUTE
    low: float = math.nan
    high: float = math.nan
    argument: int = 1
    takeover: bool = True
    feedback: bool = True
    send: tuple[Value, ...] = ()

    @property
    def key(self) -> tuple[str, int, Source]:
        """Return what tells a mapping from others."""
        return self.address, self.argument, self.source


class Target:
    """Knows what kind of value an address takes.

    Args:
        mapping: names it.

    Raises:
        MappingError: there is no such address, or none that a controller can move.
    """

    def __init__(self, mapping: Mapping) -> None:
        row = find_row(mapping.address)
        self.row = row
        self.is_button = row.kind in (Kind.ACTION, Kind.COMMAND) and (bool(mapping.send) or not row.arguments)
        self.argument: Argument | None = None
        self.low, self.high = 0.0, 1.0
        if self.is_button:
            return
        if row.kind is not Kind.SETTING or row.many:
            raise MappingError(f"{mapping.address} is nothing that a controller can move", "address")
        if not 1 <= mapping.argument <= len(row.arguments):
            raise MappingError(f"{mapping.address} has {len(row.arguments)} values", "argument")
        self.argument = row.arguments[mapping.argument - 1]
        if self.argument.type == "s":
            raise MappingError(f"{mapping.address} takes a word, which a controller does not have", "address")
        if not self.is_switch:
            self.low, self.high = self._range(mapping)

    @property
    def is_switch(self) -> bool:
        """Return whether it is on or off."""
        return self.argument is not None and self.argument.type == "T"

    def value(self, share: float) -> Value:
        """Return the value at a share 0..1 of the range."""
        value = self.low + share * (self.high - self.low)
        return round(value) if self.argument is not None and self.argument.type == "i" else value

    def share(self, value: float) -> float:
        """Return where a value lies in the range, 0..1."""
        span = self.high - self.low
        return min(max((value - self.low) / span, 0.0), 1.0) if span else 0.0

    def _range(self, mapping: Mapping) -> tuple[float, float]:
        assert self.argument is not None
        ends = [
            own if math.isnan(end) else end
            for end, own in ((mapping.low, self.argument.low), (mapping.high, self.argument.high))
        ]
        if not all(map(math.isfinite, ends)) or (self.argument.type == "i" and max(map(abs, ends)) > 2**20):
            raise MappingError(f"{mapping.address} has no range of its own; give low and high", "address")
        if not all(self.argument.low <= end <= self.argument.high for end in ends):
            limits = f"{self.argument.low:g} to {self.argument.high:g}"
            raise MappingError(
                f"{mapping.address} goes from {limits}", "low" if ends[0] < self.argument.low else "high"
            )
        return ends[0], ends[1]


def find_row(address: str) -> Address:
    """Return an address's row of the namespace.

    Raises:
        MappingError: there is none.
    """
    head, _, last = address.rpartition("/")
    for row in TABLE:
        if row.path == address or (
            row.path == f"{head}/{{n}}" and last.isascii() and last.isdecimal() and int(last) < _MAX_LATENT
        ):
            return row
    raise MappingError(f"there is no address {address[:80]}; docs/osc.md lists them", "address")


@dataclass(frozen=True)
class ZoneByHand:
    """Sets up MPE for a device that does not say so itself.

    Args:
        device: a part of the input's name.
        lower, upper: members of both zones; 0 for none.
        bend: semitones that a member's wheel reaches.
    """

    device: str
    lower: int = 0
    upper: int = 0
    bend: float = 48.0


def read_mapping(table: dict[str, Any]) -> Mapping:
    """Check a mapping's table as it stands in a file.

    Raises:
        MappingError: something in it is wrong.
    """
    known = {"address", "channel", "device", "mode", "low", "high", "argument", "takeover", "feedback", "send"}
    kinds = [control for control in Control if control in table]
    if len(kinds) != 1:
        raise MappingError(f"a mapping needs one of {', '.join(Control)}", kinds[1] if kinds else "")
    for key in table.keys() - known - set(Control):
        raise MappingError(f"{key[:40]} means nothing in a mapping", key)
    if "address" not in table:
        raise MappingError("a mapping needs an address, such as /aitunes/pad/x")
    mapping = Mapping(
        address=_text(table, "address"),
        source=_source(table, kinds[0]),
        mode=_mode(table),
        low=_number(table, "low", math.nan),
        high=_number(table, "high", math.nan),
        argument=_whole(table, "argument", 1, 16, 1),
        takeover=_switch(table, "takeover", True),
        feedback=_switch(table, "feedback", True),
        send=_send(table),
    )
    Target(mapping)
    return mapping


def read_zone(table: dict[str, Any]) -> ZoneByHand:
    """Check a zone's table as it stands in a file.

    Raises:
        MappingError: something in it is wrong.
    """
    for key in table.keys() - {"device", "lower", "upper", "bend"}:
        raise MappingError(f"{key[:40]} means nothing in a zone", key)
    bend = _number(table, "bend", 48.0)
    if not 0.0 <= bend <= MAX_BEND:
        raise MappingError(f"bend is from 0 to {MAX_BEND:g} semitones", "bend")
    lower, upper = _whole(table, "lower", 0, 15, 0), _whole(table, "upper", 0, 15, 0)
    return ZoneByHand(_text(table, "device", ""), lower, upper, bend)


def _source(table: dict[str, Any], control: Control) -> Source:
    number = 0
    if control.is_numbered:
        number = _whole(table, control, 0, _NUMBERS[control], 0)
        pair = {number, number + FINE} if control is Control.CONTROLLER14 else {number}
        if control in (Control.CONTROLLER, Control.CONTROLLER14) and pair & RESERVED:
            raise MappingError(f"controller {number} belongs to MIDI itself and cannot be mapped", control)
    elif table[control] is not True:
        raise MappingError(f"{control} has no number; write {control} = true", control)
    return Source(control, number, _whole(table, "channel", 1, 16, 0), _text(table, "device", ""))


def _mode(table: dict[str, Any]) -> Mode:
    try:
        return Mode(table.get("mode", Mode.ABSOLUTE))
    except ValueError:
        raise MappingError(f"mode is one of {', '.join(Mode)}", "mode") from None


def _send(table: dict[str, Any]) -> tuple[Value, ...]:
    values = table.get("send", [])
    if not isinstance(values, list) or not all(map(_is_sendable, values)):
        raise MappingError("send is a list of numbers and words", "send")
    return tuple(values)


def _is_sendable(value: object) -> bool:
    if isinstance(value, int | float):
        return -_MAX_SENT <= value <= _MAX_SENT  # false for NaN too
    return isinstance(value, str)


def _text(table: dict[str, Any], key: str, default: str | None = None) -> str:
    value = table.get(key, default)
    if not isinstance(value, str) or len(value) > 200:
        raise MappingError(f"{key} is text in quotation marks", key)
    return value


def _whole(table: dict[str, Any], key: str, low: int, high: int, default: int) -> int:
    value = table.get(key, default)
    if key in table and (type(value) is not int or not low <= value <= high):
        raise MappingError(f"{key} is a whole number from {low} to {high}", key)
    return int(value)


def _number(table: dict[str, Any], key: str, default: float) -> float:
    value = table.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise MappingError(f"{key} is a number", key)
    try:
        return float(value)
    except OverflowError:
        raise MappingError(f"{key} is a number of fewer digits", key) from None


def _switch(table: dict[str, Any], key: str, default: bool) -> bool:
    value = table.get(key, default)
    if not isinstance(value, bool):
        raise MappingError(f"{key} is true or false", key)
    return value
