"""Defines what a row of the namespace's table is, and makes rows."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum

from aitunes.release.card import LATENT_LIMIT

ROOT = "/aitunes"
DRONE = f"{ROOT}/drone"
PANIC, NOTES_OFF = f"{ROOT}/panic", f"{ROOT}/notes/off"
MIDI = f"{ROOT}/midi"
LISTEN, SOUND = "/listen", f"{ROOT}/sound"
CONCERT_PITCH = 69.0
MAX_ITERATIONS = 64
MAX_LOOKAHEAD = 8
MAX_VOICES = 8
MAX_BEND = 96.0
"""Semitones that one note can be bent, as far as MPE allows."""
MAX_BLOCK = 8_192
MAX_OUTPUTS = 256
MAX_SONGS = 100

Value = float | int | bool | str


class Kind(Enum):
    """Says how the engine treats an address."""

    SETTING = "a value of the sound; set with arguments, asked for with none, echoed to subscribers"
    ACTION = "an act of the sound; timed like a setting"
    COMMAND = "work beside the sound; answered with /done or /fail"
    REQUEST = "a question; answered with a reply"
    RELAY = "for a process beside the engine, such as MIDI; passed on to subscribers"
    SERVER = "about the connection, not the sound"
    NOTICE = "what the engine tells; nobody sends it"


@dataclass(frozen=True)
class Argument:
    """One argument: its OSC type (f i s T b), name, range and unit.

    Args:
        default: its value where it is left out; only the last arguments of an address may be.
        optional: whether it may be left out, and then has no value.
    """

    type: str
    name: str
    low: float = -math.inf
    high: float = math.inf
    unit: str = ""
    default: Value | None = None
    optional: bool = False

    @property
    def required(self) -> bool:
        """Return whether it must not be left out."""
        return self.default is None and not self.optional


@dataclass(frozen=True)
class Address:
    """One row of the table. `{n}` in a path stands for a latent coordinate.

    Args:
        many: the last argument repeats.
        told: without arguments it asks for the value, as every setting does.
        initial: the value when an engine starts; none where that depends on the release.
    """

    path: str
    kind: Kind
    description: str
    arguments: tuple[Argument, ...] = ()
    many: bool = False
    told: bool = False
    initial: tuple[Value, ...] = ()

    @property
    def has_value(self) -> bool:
        """Return whether the address without arguments asks for a value."""
        return self.told or self.kind is Kind.SETTING

    @property
    def types(self) -> str:
        """The type tags, as a musician writes them after the address."""
        return "".join(argument.type for argument in self.arguments) + ("…" if self.many else "")


COORDINATE = Argument("f", "coordinate", -LATENT_LIMIT, LATENT_LIMIT, "standard deviations")
DEPTH = Argument("f", "depth", -LATENT_LIMIT, LATENT_LIMIT, "standard deviations")
NAME = Argument("s", "name")


def unit(name: str) -> Argument:
    """Make an argument from 0 to 1."""
    return Argument("f", name, 0.0, 1.0)


def number(name: str, high: float = math.inf, default: Value | None = None) -> Argument:
    """Make an argument that is a whole number from 0."""
    return Argument("i", name, 0, high, default=default)


def level(name: str) -> Argument:
    """Make an argument that is a level in dB."""
    return Argument("f", name, -120.0, 0.0, "dB")


def row(
    path: str,
    kind: Kind,
    description: str,
    *arguments: Argument,
    many: bool = False,
    told: bool = False,
    initial: tuple[Value, ...] = (),
) -> Address:
    """Make a row of an address below `/aitunes`."""
    return Address(ROOT + path, kind, description, arguments, many, told, initial)


def server(path: str, description: str, *arguments: Argument) -> Address:
    """Make a row about the connection."""
    return Address(path, Kind.SERVER, description, arguments)


def notice(path: str, description: str, *arguments: Argument, many: bool = False) -> Address:
    """Make a row of what the engine tells."""
    return Address(path, Kind.NOTICE, description, arguments, many)
