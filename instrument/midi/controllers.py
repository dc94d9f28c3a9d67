"""Numbers of controllers, and registered parameters: 14-bit values that arrive in parts."""

from __future__ import annotations

from dataclasses import dataclass

BANK, MODULATION, DATA_ENTRY, VOLUME, EXPRESSION = 0, 1, 6, 7, 11
FINE = 32
"""Added to a controller 0 to 31, it gives the one with the lower seven bits of its value."""
SUSTAIN, SOSTENUTO, SOFT, TIMBRE = 64, 66, 67, 74
NRPN_FINE, NRPN, RPN_FINE, RPN = 98, 99, 100, 101
ALL_SOUND_OFF, RESET_CONTROLLERS, ALL_NOTES_OFF = 120, 121, 123
NOTES_OFF_MODES = range(ALL_NOTES_OFF, 128)
"""All notes off, and the changes of mode that end all notes, too."""
RESERVED = frozenset({DATA_ENTRY, DATA_ENTRY + FINE, *range(96, 102), *range(120, 128)})
"""Controllers whose meaning MIDI fixes, so that none can be learned."""
PITCH_BEND_RANGE, MPE_CONFIGURATION = 0, 6
"""Registered parameters."""
_NULL = 0x3FFF


@dataclass(frozen=True, slots=True)
class ParameterChange:
    """Sets a parameter.

    Args:
        registered: whether MIDI defines it (RPN), or its maker (NRPN).
        number: 0 to 16,382.
        value: 0 to 16,383, whose upper seven bits are what the coarse data entry said.
    """

    registered: bool
    number: int
    value: int


class Parameters:
    """Assembles the parameter changes of one channel from their controllers."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Close the parameter that was open."""
        self._registered = True
        self._number = {True: _NULL, False: _NULL}
        self._coarse = 0

    def take(self, number: int, value: int) -> ParameterChange | None:
        """Take one of the controllers 6, 38, 98 to 101; return the change that it completes."""
        if number in (NRPN_FINE, NRPN, RPN_FINE, RPN):
            self._registered = number in (RPN_FINE, RPN)
            open_number = self._number[self._registered]
            coarse = number in (NRPN, RPN)
            self._number[self._registered] = value << 7 | open_number & 0x7F if coarse else open_number & 0x3F80 | value
            self._coarse = 0
            return None
        open_number = self._number[self._registered]
        if open_number == _NULL or number not in (DATA_ENTRY, DATA_ENTRY + FINE):
            return None
        if number == DATA_ENTRY:
            self._coarse = value << 7  # a new coarse value sets the fine one to 0
            return ParameterChange(self._registered, open_number, self._coarse)
        return ParameterChange(self._registered, open_number, self._coarse | value)
