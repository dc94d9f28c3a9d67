"""Makes a score of a MIDI file: the same notes, bends, pedals and mapped controllers as played live."""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import cast

from aitunes.bounded_files import NotASmallFileError, read_bounded
from aitunes.errors import reason
from instrument.midi.mapper import Mapper
from instrument.midi.mapping import Mapping
from instrument.midi.mappings import DEFAULTS
from instrument.midi.messages import ControlChange, Message, ProgramChange
from instrument.midi.midi_file import MAX_BYTES, MidiFileError, parse_midi_file
from instrument.midi.outbox import Outbox
from instrument.midi.performer import Performer
from instrument.midi.setup import Setup
from instrument.namespace import ROOT, Value

ENDINGS = (".mid", ".midi", ".smf")
_DEVICE = "MIDI file"


class _Lines:
    """Writes down what would be sent to an engine.

    Attributes:
        seconds: of what is handled now.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self.lines: list[str] = []

    def act(self, path: str, *values: Value) -> None:
        """Write a line."""
        self.lines.append(" ".join([f"{self.seconds:.6f}", path, *map(_word, values)]))

    stream = act


def score_of_midi_file(
    path: Path, mappings: Sequence[Mapping] = (), releases: Sequence[str] = (), plays_notes: bool = True
) -> str:
    """Return the score of a MIDI file.

    Args:
        mappings: of controllers; those that they do not mention have their defaults.
        releases: that program changes choose from, by number; none, and they change nothing.
        plays_notes: whether the first release does, so that nothing sounds before a note; others sound by themselves.

    Raises:
        MidiFileError: it cannot be read.
    """
    try:
        return score_of_midi(read_bounded(path, MAX_BYTES), mappings, releases, plays_notes)
    except NotASmallFileError as error:
        what = f"it is no file of at most {MAX_BYTES:,} bytes"
        raise MidiFileError(f"The MIDI file {path} cannot be played: {what}.") from error
    except OSError as error:
        raise MidiFileError(f"The MIDI file {path} cannot be read: {reason(error)}.") from error
    except MidiFileError as error:
        raise MidiFileError(f"The MIDI file {path} cannot be played: {error}.") from error


def score_of_midi(
    content: bytes, mappings: Sequence[Mapping] = (), releases: Sequence[str] = (), plays_notes: bool = True
) -> str:
    """Return the score of a MIDI file's content; the arguments are those of `score_of_midi_file`.

    Raises:
        MidiFileError: it is none.
    """
    messages = parse_midi_file(content)
    lines = _Lines()
    if plays_notes:
        lines.act(f"{ROOT}/drone", False)
    outbox = cast(Outbox, lines)  # which writes down in place of sending
    mapper = Mapper(outbox)
    mapper.use(mappings, Setup(DEFAULTS.read_text(encoding="utf-8")).mappings)
    performer = Performer(outbox, itertools.count(1))
    for timed in messages:
        lines.seconds = timed.seconds
        _play(timed.message, timed.seconds, performer, mapper)
        if isinstance(timed.message, ProgramChange) and timed.message.program < len(releases):
            lines.act(f"{ROOT}/release/load", releases[timed.message.program])
    return "\n".join(lines.lines) + "\n"


def _play(message: Message, seconds: float, performer: Performer, mapper: Mapper) -> None:
    """Do with a message what the live player does: what is mapped moves a value, everything else is played."""
    member = performer.zones.has_member(getattr(message, "channel", 0))
    if not member and mapper.take(mapper.moves(_DEVICE, message), seconds):
        return
    change = performer.take(message)
    if change is not None and isinstance(message, ControlChange):
        mapper.take(mapper.moves(_DEVICE, change, message.channel), seconds)


def _word(value: Value) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return shlex.quote(value) if isinstance(value, str) else f"{value:.9g}"
