"""Declares the OSC namespace: one table for dispatch, replies, scores, discovery, `docs/osc.md` and tests."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from typing import Any

from aitunes.audio_processing.defaults import DEFAULT_ITERATIONS
from aitunes.errors import AiTunesError
from aitunes.release.card import LATENT_LIMIT
from instrument.status import FIELDS

ROOT = "/aitunes"
DRONE = f"{ROOT}/drone"
PANIC, NOTES_OFF = f"{ROOT}/panic", f"{ROOT}/notes/off"
MIDI = f"{ROOT}/midi"
CONCERT_PITCH = 69.0
MAX_ITERATIONS = 64
MAX_LOOKAHEAD = 8
MAX_VOICES = 8
MAX_BEND = 96.0
"""Semitones that one note can be bent, as far as MPE allows."""
MAX_BLOCK = 8_192
MAX_OUTPUTS = 256

Value = float | int | bool | str

ALIASES = {f"{ROOT}/glide": f"{ROOT}/smoothing", f"{ROOT}/model": f"{ROOT}/release"}
"""Maps former addresses, with all below them, to the present ones; deprecated, but they keep working."""


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


_COORDINATE = Argument("f", "coordinate", -LATENT_LIMIT, LATENT_LIMIT, "standard deviations")
_DEPTH = Argument("f", "depth", -LATENT_LIMIT, LATENT_LIMIT, "standard deviations")
_NAME = Argument("s", "name")


def _unit(name: str) -> Argument:
    return Argument("f", name, 0.0, 1.0)


def _number(name: str, high: float = math.inf, default: Value | None = None) -> Argument:
    return Argument("i", name, 0, high, default=default)


def _level(name: str) -> Argument:
    return Argument("f", name, -120.0, 0.0, "dB")


def _row(
    path: str,
    kind: Kind,
    description: str,
    *arguments: Argument,
    many: bool = False,
    told: bool = False,
    initial: tuple[Value, ...] = (),
) -> Address:
    return Address(ROOT + path, kind, description, arguments, many, told, initial)


def _server(path: str, description: str, *arguments: Argument) -> Address:
    return Address(path, Kind.SERVER, description, arguments)


def _notice(path: str, description: str, *arguments: Argument, many: bool = False) -> Address:
    return Address(path, Kind.NOTICE, description, arguments, many)


TABLE: tuple[Address, ...] = (
    _row("/pad/xy", Kind.SETTING, "position on the pad's two axes", _unit("x"), _unit("y")),
    _row("/pad/x", Kind.SETTING, "position on the pad's first axis", _unit("x")),
    _row("/pad/y", Kind.SETTING, "position on the pad's second axis", _unit("y")),
    _row(
        "/pad/axes",
        Kind.SETTING,
        "which two latent directions the pad spans, most variance first",
        _number("first"),
        _number("second"),
    ),
    _row("/latent", Kind.SETTING, "all latent coordinates at once", _COORDINATE, many=True),
    _row("/latent/{n}", Kind.SETTING, "one latent coordinate, from 0", _COORDINATE),
    _row(
        "/smoothing",
        Kind.SETTING,
        "time to reach a new latent position",
        Argument("f", "smoothing_seconds", 0.0, 30.0, "s"),
        initial=(0.0,),
    ),
    _row("/gain", Kind.SETTING, "output level, ramped", Argument("f", "gain_db", -60.0, 6.0, "dB"), initial=(0.0,)),
    _row(
        "/width",
        Kind.SETTING,
        "stereo width; at 0 both channels are the same",
        _unit("width"),
        initial=(0.5,),
    ),
    _row("/pan", Kind.SETTING, "position between left and right", Argument("f", "pan", -1.0, 1.0), initial=(0.0,)),
    _row(
        "/note",
        Kind.ACTION,
        "MIDI note on, or off with velocity 0; the first one ends the drone; with an identity of its own, a note "
        "differs from others of the same key, and is ended by it",
        _number("note", 127),
        _number("velocity", 127),
        Argument("i", "id", 0, 2**31 - 1, optional=True),
    ),
    _row("/notes/off", Kind.ACTION, "end all notes"),
    _row(
        "/voice/bend",
        Kind.ACTION,
        "bends the note with that identity",
        _number("id", 2**31 - 1),
        Argument("f", "bend", -MAX_BEND, MAX_BEND, "semitones"),
    ),
    _row(
        "/voice/pressure",
        Kind.ACTION,
        "pressure on the note with that identity; 0 leaves it as it was struck",
        _number("id", 2**31 - 1),
        _unit("pressure"),
    ),
    _row(
        "/voice/timbre",
        Kind.ACTION,
        "timbre of the note with that identity; 0.5 leaves it where the pad is",
        _number("id", 2**31 - 1),
        _unit("timbre"),
    ),
    _row(
        "/voice/pressure/level",
        Kind.SETTING,
        "how far full pressure brings a note from the level of its velocity to full level",
        _unit("level"),
        initial=(1.0,),
    ),
    _row(
        "/voice/pressure/axis",
        Kind.SETTING,
        "the latent coordinate that a note's pressure moves, and how far at most",
        _number("axis"),
        _DEPTH,
        initial=(0, 0.0),
    ),
    _row(
        "/voice/timbre/axis",
        Kind.SETTING,
        "the latent coordinate that a note's timbre moves, and how far at most, up and down",
        _number("axis"),
        _DEPTH,
        initial=(1, 1.5),
    ),
    _row(
        "/panic",
        Kind.ACTION,
        "end every sound within 20 ms, without releases; the next note, or `/aitunes/play`, is heard again",
    ),
    _row(
        "/pitch",
        Kind.SETTING,
        "pitch of the drone, which then sounds",
        Argument("f", "note", 0.0, 127.0),
        initial=(CONCERT_PITCH,),
    ),
    _row(
        "/bend",
        Kind.SETTING,
        "shifts all notes and the drone",
        Argument("f", "bend", -24.0, 24.0, "semitones"),
        initial=(0.0,),
    ),
    _row(
        "/envelope",
        Kind.SETTING,
        "time for a note to reach its level, and once let go to fall by 60 dB",
        Argument("f", "attack_seconds", 0.0, 10.0, "s"),
        Argument("f", "release_seconds", 0.0, 20.0, "s"),
        initial=(0.002, 0.3),
    ),
    _row(
        "/voices",
        Kind.SETTING,
        "how many notes sound at once; 1 plays legato, and the newest held note has priority",
        Argument("i", "voices", 1, MAX_VOICES),
        initial=(4,),  # three keys should give a chord, and voices that rest cost nothing
    ),
    _row(
        "/portamento",
        Kind.SETTING,
        "time for the pitch to get from one note to the next that overlaps it, with one voice, and for the drone's",
        Argument("f", "portamento_seconds", 0.0, 10.0, "s"),
        initial=(0.0,),
    ),
    _row(
        "/drone",
        Kind.SETTING,
        "sound without a note; from the start to the first note, and under the notes where it is asked for",
        Argument("T", "sounding"),
        initial=(True,),
    ),
    _row(
        "/motion",
        Kind.SETTING,
        "how much of the recorded movement sounds: 0 holds still, 1 moves as recorded",
        Argument("f", "amount", 0.0, 2.0),
        initial=(1.0,),
    ),
    _row(
        "/motion/speed",
        Kind.SETTING,
        "speed of the movement, 1 as recorded; negative runs a sustained sound backwards",
        Argument("f", "speed", -4.0, 4.0),
        initial=(1.0,),
    ),
    _row(
        "/motion/mode",
        Kind.SETTING,
        "what follows at the end of a movement: `loop` repeats it, `wander` goes on from a similar moment, `once` ends",
        Argument("s", "mode"),
        initial=("wander",),
    ),
    _row(
        "/motion/seed",
        Kind.SETTING,
        "seed of all that is random in the movement: the same seed and notes give the same sound",
        _number("seed", 2**31 - 1),
        initial=(0,),
    ),
    _row(
        "/dream",
        Kind.SETTING,
        "how far the release goes on by itself through what it has learnt; the pad attracts it, 0 stays on the pad",
        _unit("dream"),
        initial=(0.0,),
    ),
    _row(
        "/tempo",
        Kind.SETTING,
        "beats a minute, for gestures on a grid; a MIDI clock sets it",
        Argument("f", "tempo", 20.0, 300.0),
        initial=(120.0,),
    ),
    _row(
        "/beat",
        Kind.ACTION,
        "the beat, in quarter notes from the beginning of the song, is at this place; a MIDI clock sends it",
        Argument("f", "beat", 0.0, 1e6),
    ),
    _row("/beat/run", Kind.ACTION, "let the beat go on, or hold it", Argument("T", "running")),
    _row(
        "/gesture/quantise",
        Kind.SETTING,
        "grid in beats on which gestures begin, and to which their loops are stretched; 0 for none",
        Argument("f", "beats", 0.0, 64.0),
        initial=(0.0,),
    ),
    _row("/play", Kind.ACTION, "start, faded in"),
    _row("/stop", Kind.ACTION, "stop, faded out"),
    _row(
        "/freeze",
        Kind.SETTING,
        "hold the playhead inside a segment model's segment",
        Argument("T", "frozen"),
        initial=(False,),
    ),
    _row("/position", Kind.SETTING, "playhead in the segment", _unit("position"), initial=(0.0,)),
    _row("/speed", Kind.SETTING, "playhead speed, 1 as trained", Argument("f", "speed", -4.0, 4.0), initial=(1.0,)),
    _row(
        "/quality",
        Kind.SETTING,
        "phase reconstruction effort: iterations a hop, shared by the notes that sound; 0 is the cheapest, and near a "
        "drop-out the engine does with fewer than asked for",
        _number("iterations", MAX_ITERATIONS),
        Argument("i", "lookahead", 0, MAX_LOOKAHEAD, "frames"),
        initial=(DEFAULT_ITERATIONS, 0),
    ),
    _row(
        "/release/load",
        Kind.COMMAND,
        "change to another release, cross-faded; with no name, the reply is the one that plays",
        _NAME,
        told=True,
    ),
    _row(
        "/release/list",
        Kind.REQUEST,
        "a message a release, `/aitunes/release`: name, public name, description, latent_dim; then `/done`",
    ),
    _row("/release/info", Kind.REQUEST, "the playing release's card as JSON"),
    _row("/snapshot/save", Kind.COMMAND, "keep the latent position and the settings under a name", _NAME),
    _row("/snapshot/delete", Kind.COMMAND, "drop a snapshot", _NAME),
    _row(
        "/snapshot/recall",
        Kind.COMMAND,
        "morph to a snapshot; at once where no time is given",
        _NAME,
        Argument("f", "morph_seconds", 0.0, 60.0, "s", default=0.0),
    ),
    _row("/snapshot/list", Kind.REQUEST, "a message a snapshot, `/aitunes/snapshot`: its name; then `/done`"),
    _row(
        "/record/start",
        Kind.COMMAND,
        "record the output under a file name inside the recordings folder, .wav or .flac; with no name, the reply is "
        "the one that is being recorded, or empty",
        _NAME,
        told=True,
        initial=("",),
    ),
    _row("/record/stop", Kind.COMMAND, "end the recording"),
    _row(
        "/gesture/record",
        Kind.COMMAND,
        "record the settings and acts that arrive, until `/aitunes/gesture/stop`; with no name, the reply is the one "
        "that is being recorded, or empty",
        _NAME,
        told=True,
        initial=("",),
    ),
    _row("/gesture/stop", Kind.COMMAND, "end the recording of a gesture and keep it; if none runs, end the replay"),
    _row(
        "/gesture/play",
        Kind.COMMAND,
        "replay a gesture, looped or once; what a hand moves meanwhile stays playable; with no arguments, the reply is "
        "what is being replayed, or an empty name",
        _NAME,
        _number("loop", 1, default=0),
        Argument("f", "speed", 0.1, 10.0, default=1.0),
        told=True,
        initial=("", 0, 1.0),
    ),
    _row("/gesture/delete", Kind.COMMAND, "drop a gesture", _NAME),
    _row("/gesture/list", Kind.REQUEST, "a message a gesture, `/aitunes/gesture`: its name; then `/done`"),
    _row(
        "/device/list",
        Kind.REQUEST,
        "a message a sound device that is there, `/aitunes/device`: its name, host API and sample rate; then `/done`",
    ),
    _row(
        "/device/set",
        Kind.COMMAND,
        "move the stream to another sound device, given a part of its name, or empty for the default one; without, the "
        "reply is the present one's name",
        _NAME,
        told=True,
    ),
    _row(
        "/device/block",
        Kind.COMMAND,
        "take the sound in blocks of so many frames, 0 for as many as the device likes; JACK allows 0 alone, as it "
        "dictates the block; with no argument, the reply is what was asked for",
        Argument("i", "block", 0, MAX_BLOCK, "frames"),
        told=True,
        initial=(0,),
    ),
    _row(
        "/device/channels",
        Kind.COMMAND,
        "play on these outputs of the sound device, counted from 1; without a right one the left one plays both, and 0 "
        "is the first two; with no argument, the reply is what was asked for",
        Argument("i", "left", 0, MAX_OUTPUTS),
        Argument("i", "right", 0, MAX_OUTPUTS, default=0),
        told=True,
        initial=(0, 0),
    ),
    _row(
        "/midi/learn",
        Kind.RELAY,
        "bind the next controller that moves to that address, or to one of its values, counted from 1; an empty one "
        "ends the learning; with no arguments, the reply is the address that waits",
        Argument("s", "address"),
        Argument("i", "argument", 1, 16, optional=True),
        told=True,
        initial=("",),
    ),
    _row("/midi/forget", Kind.RELAY, "drop the mappings of that address", Argument("s", "address")),
    _row(
        "/midi/map",
        Kind.RELAY,
        "add a mapping, or put it in place of the one of the same address and controller: a table as in the file",
        Argument("s", "toml"),
    ),
    _row(
        "/midi/list",
        Kind.RELAY,
        "with no arguments, the reply is the file of mappings; MIDI sends it when it changes",
        Argument("s", "toml"),
        told=True,
        initial=("",),
    ),
    _row(
        "/midi/inputs",
        Kind.RELAY,
        "with no arguments, the reply is the inputs that are open, a line each; MIDI sends them when they change",
        Argument("s", "names"),
        told=True,
        initial=("",),
    ),
    _row("/midi/notice", Kind.RELAY, "MIDI has something to tell, in a sentence", Argument("s", "sentence")),
    _notice(
        "/aitunes/device/changed",
        "sound devices have come or gone; these are there now",
        Argument("s", "name"),
        many=True,
    ),
    _notice("/error", "what went wrong with the sound, in a sentence", Argument("s", "sentence")),
    _notice("/aitunes/meter", "the output's level, 25 a second", _level("peak"), _level("rms")),
    _notice(
        "/aitunes/scope",
        "the sound's spectrum, 25 a second: the levels in dB, −120 to about 0, of 64 bands of equal width in mel from "
        "30 Hz to 16 kHz, as float32; big-endian, as all numbers of OSC are",
        Argument("b", "levels"),
    ),
    _server(
        "/status",
        f"`/status.reply`: {FIELDS}; loads in %, rates in Hz, latencies in ms",
    ),
    _server(
        "/notify",
        "1 subscribes for 30 s, which any message renews; 0 ends it. `/done /notify id token` asks for a proof: send "
        "the token back. A port below 65,536 is where the answers go, instead of the one that asks",
        _number("subscribe", 1),
        _number("port_or_token", 2**31 - 1, default=0),
        _number("token", 2**31 - 1, default=0),
    ),
    _server(
        "/login",
        "gives a TCP connection the rights of a program of this machine: the token is in the file `osc-token` of "
        "AiTunes' data folder",
        Argument("s", "token"),
    ),
    _server("/sync", "`/synced i` when all earlier commands have finished", Argument("i", "id", -(2**31), 2**31 - 1)),
    _server("/version", "`/version.reply`: name, major, minor, patch"),
    _server("/dumpOSC", "log arriving messages: 0 off, 1 parsed, 2 hex, 3 both", _number("mode", 3)),
    _server("/clearSched", "forget the events that are held for later"),
    _server("/quit", "end the engine"),
)

LOCAL_ONLY = frozenset(
    {
        "/quit",
        "/dumpOSC",
        *(
            ROOT + path
            for path in (
                "/record/start",
                "/record/stop",
                "/gesture/record",
                "/gesture/delete",
                "/snapshot/save",
                "/snapshot/delete",
                *(f"/midi/{name}" for name in ("learn", "forget", "map", "list", "inputs", "notice")),
            )
        ),
    }
)
"""Addresses that write files, record or end the engine: for programs of the engine's own machine alone."""

ANSWERS = frozenset({"/done", "/fail", "/synced"}) | {
    row.path.removesuffix("/list") for row in TABLE if row.kind is Kind.REQUEST and row.path.endswith("/list")
}
"""Addresses that engines answer with, beside notices and `*.reply`; never answered themselves."""


class MessageError(AiTunesError):
    """A message that cannot be handled, and why; the text of a `/fail`."""


def canonical(address: str) -> str:
    """Return the present address for a former one, and every other address as it is.

    >>> canonical("/aitunes/model/load"), canonical("/aitunes/gain")
    ('/aitunes/release/load', '/aitunes/gain')
    """
    return _renamed(address, ALIASES.items())


def former(address: str) -> str:
    """Return the former address for a present one that was renamed, and every other address as it is."""
    return _renamed(address, ((present, alias) for alias, present in ALIASES.items()))


def _renamed(address: str, names: Iterable[tuple[str, str]]) -> str:
    for before, after in names:
        if address == before or address.startswith(f"{before}/"):
            return after + address[len(before) :]
    return address


def initial_values() -> dict[str, tuple[Value, ...]]:
    """Return the values with which an engine starts, by address; without those that depend on the release."""
    return {row.path: row.initial for row in TABLE if row.initial}


def initial_numbers(path: str) -> tuple[float, ...]:
    """Return the numbers with which an engine starts at one address.

    >>> initial_numbers("/aitunes/voices")
    (4.0,)
    """
    return tuple(float(value) for value in initial_values()[path])


def expand(latent_dim: int) -> dict[str, Address]:
    """Return the table by concrete path, for a release with that many latent coordinates."""
    rows: dict[str, Address] = {}
    for row in TABLE:
        if "{n}" in row.path:
            rows.update({row.path.replace("{n}", str(n)): row for n in range(latent_dim)})
        else:
            rows[row.path] = row
    return rows


def check_arguments(row: Address, arguments: list[Any]) -> tuple[Value, ...]:
    """Arguments as the address wants them: numbers of any OSC type converted and clipped to their range.

    Raises:
        MessageError: too few or too many, a wrong type, NaN or infinity.
    """
    wanted = row.arguments
    if row.many and len(arguments) > 1:
        wanted = (*wanted, *[wanted[-1]] * (len(arguments) - len(wanted)))
    checked = tuple([_check(argument, value) for argument, value in zip(wanted, arguments, strict=False)])
    if len(arguments) == len(wanted):
        return checked
    left_out = wanted[len(arguments) :]
    if len(arguments) > len(wanted) or any(argument.required for argument in left_out):
        raise MessageError(_count_wanted(row))
    return (*checked, *(argument.default for argument in left_out if argument.default is not None))


def _count_wanted(row: Address) -> str:
    most = len(row.arguments)
    least = sum(argument.required for argument in row.arguments)
    count = f"{least} to {most}" if least < most else str(most or "no")
    names = " ".join(argument.name for argument in row.arguments) + (" …" if row.many else "")
    return f"wants {count} argument{'' if most == 1 else 's'}{' (' + names + ')' if names else ''}"


def _check(argument: Argument, value: Any) -> Value:
    if argument.type == "s":
        if not isinstance(value, str):
            raise MessageError(f"{argument.name} must be text")
        return value
    if not isinstance(value, int | float):
        raise MessageError(f"{argument.name} must be a number")
    try:
        finite = math.isfinite(value)
    except OverflowError:  # an integer beyond every float
        finite = False
    if not finite:
        raise MessageError(f"{argument.name} is not a finite number")
    if argument.type == "T":
        return bool(value)
    clipped = min(max(value, argument.low), argument.high)
    # OSC's longest integers have 64 bits, also where the row has no range of its own.
    return min(max(round(clipped), -(2**63)), 2**63 - 1) if argument.type == "i" else float(clipped)
