"""Reads and edits a set-up: a text of mappings and zones in TOML, of which a faulty table costs no other one."""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from aitunes.bounded_toml import parse_toml
from instrument.midi.mapping import Mapping, MappingError, Mode, ZoneByHand, read_mapping, read_zone
from instrument.namespace import Value

MAX_CHARACTERS = 60_000
"""Limits a set-up to what one datagram carries to the pad."""
HEADER = """\
# MIDI mappings of AiTunes: a table a mapping. Edit it, copy it, give it away; changes count within a second.
# docs/midi.md says what may stand in a table.
"""
_TABLE = re.compile(r"^\s*\[+\s*([^\[\]\s]*)\s*\]")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
"""As TOML means it; Python would end a line within a device's name, at a character that means something like it."""
_KINDS = ("mapping", "zone")
_TOML_LINE = re.compile(r"\(at line (\d+), column \d+\)")


@dataclass(frozen=True)
class _Block:
    """One table of a set-up's text.

    Args:
        kind: the table's name, "mapping" or "zone" where it is right; "" for what stands before the first table.
        first: number of its first line, from 1.
        lines: of the text.
    """

    kind: str
    first: int
    lines: list[str]


class Setup:
    """Holds a set-up.

    Args:
        text: in TOML.
        spare: mappings that count while tables are faulty, where the text has none of the same key.

    Attributes:
        mappings, zones: of its tables that are right.
        faults: sentences about the others, each with its line.
    """

    def __init__(self, text: str = "", spare: Iterable[Mapping] = ()) -> None:
        text = text.removeprefix("\ufeff")  # that some editors put before a text
        self.mappings: list[Mapping] = []
        self.zones: list[ZoneByHand] = []
        self.faults: list[str] = []
        if len(text) > MAX_CHARACTERS:
            self.faults.append(f"The file has more than {MAX_CHARACTERS:,} characters; nothing of it is used.")
            text = ""
        self.text = text
        self._of: list[tuple[_Block, Mapping | None]] = []
        for block in _blocks(text):
            self._of.append((block, self._read(block)))
        own = {mapping.key for mapping in self.mappings}
        self.spare = [mapping for mapping in spare if mapping.key not in own] if self.faults else []

    @property
    def active(self) -> list[Mapping]:
        """Return the mappings that count."""
        return self.mappings + self.spare

    def with_mapping(self, mapping: Mapping) -> Setup:
        """Return a set-up where a mapping stands in place of the one of the same address, value and controller."""
        return self._with(mapping, lambda other: other.key == mapping.key)

    def learned(self, mapping: Mapping) -> Setup:
        """Return a set-up where a controller is the only one of its address and value."""
        same = (mapping.address, mapping.argument)
        return self._with(mapping, lambda other: (other.address, other.argument) == same)

    def without(self, address: str) -> Setup:
        """Return a set-up without the mappings of an address; comments and faulty tables stay as they are."""
        return Setup(
            self._text_without(lambda other: other.address == address),
            [mapping for mapping in self.spare if mapping.address != address],
        )

    def _with(self, mapping: Mapping, in_place_of: Callable[[Mapping], bool]) -> Setup:
        text = self._text_without(in_place_of) or HEADER
        spare = [other for other in self.spare if not in_place_of(other)]
        return Setup(f"{text.rstrip()}\n\n{write_mapping(mapping)}", spare)

    def _text_without(self, unwanted: Callable[[Mapping], bool]) -> str:
        kept = [block.lines for block, mapping in self._of if mapping is None or not unwanted(mapping)]
        return "".join(line for lines in kept for line in lines)

    def _read(self, block: _Block) -> Mapping | None:
        try:
            table = parse_toml("".join(block.lines))
            if not block.kind:
                for key in table:
                    raise MappingError(f"{key[:40]} stands before the first [[mapping]]", key)
                return None
            if block.kind not in _KINDS or not isinstance(table[block.kind], list):
                raise MappingError(f"{block.lines[0].strip()[:40]} means nothing; a table begins with [[mapping]]")
            (entry,) = table[block.kind]
            if block.kind == "zone":
                self.zones.append(read_zone(entry))
                return None
            mapping = read_mapping(entry)
        except tomllib.TOMLDecodeError as error:
            self.faults.append(_toml_fault(str(error), block))
        except MappingError as error:
            self.faults.append(f"Line {_line_of(error.key, block)}: {error}.")
        except ValueError as error:
            self.faults.append(f"Line {block.first}: this table cannot be read ({error}).")
        else:
            self.mappings.append(mapping)
            return mapping
        return None


def write_mapping(mapping: Mapping) -> str:
    """Return a mapping's table; what is as by default is left out.

    >>> from instrument.midi.mapping import Control, Source
    >>> print(write_mapping(Mapping("/aitunes/gain", Source(Control.CONTROLLER, 7, 1, "nanoKONTROL2"))), end="")
    [[mapping]]
    address = "/aitunes/gain"
    controller = 7
    channel = 1
    device = "nanoKONTROL2"
    """
    source = mapping.source
    pairs: list[tuple[str, Value | list[Value]]] = [("address", mapping.address)]
    pairs.append((source.control, source.number if source.control.is_numbered else True))
    pairs += [("channel", source.channel)] if source.channel else []
    pairs += [("device", source.device)] if source.device else []
    pairs += [("mode", mapping.mode)] if mapping.mode is not Mode.ABSOLUTE else []
    pairs += [("low", mapping.low)] if not math.isnan(mapping.low) else []
    pairs += [("high", mapping.high)] if not math.isnan(mapping.high) else []
    pairs += [("argument", mapping.argument)] if mapping.argument != 1 else []
    pairs += [("takeover", False)] if not mapping.takeover else []
    pairs += [("feedback", False)] if not mapping.feedback else []
    pairs += [("send", list(mapping.send))] if mapping.send else []
    # JSON's numbers, words and lists are TOML's, but for DEL, which TOML wants escaped as well.
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}".replace("\x7f", "\\u007f") for key, value in pairs]
    return "\n".join(["[[mapping]]", *lines, ""])


def _blocks(text: str) -> Iterator[_Block]:
    block = _Block("", 1, [])
    for number, line in enumerate(_LINE.findall(text), start=1):
        if (match := _TABLE.match(line)) is not None:
            yield block
            block = _Block(match[1], number, [])
        block.lines.append(line)
    yield block


def _toml_fault(sentence: str, block: _Block) -> str:
    match = _TOML_LINE.search(sentence)
    line = block.first + (int(match[1]) - 1 if match else len(block.lines) - 1)
    return f"Line {line}: this is no TOML ({_TOML_LINE.sub('', sentence).strip()})."


def _line_of(key: str, block: _Block) -> int:
    for number, line in enumerate(block.lines):
        if key and re.match(rf"\s*\"?{re.escape(key)}\"?\s*=", line):
            return block.first + number
    return block.first
