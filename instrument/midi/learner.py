"""Learns which controller moves which address: the next one that is touched."""

from __future__ import annotations

from collections.abc import Callable

from instrument.midi import controllers as cc
from instrument.midi.mapper import Move
from instrument.midi.mapping import Control, Mapping, Mode, Source, Target

_PAIR_SECONDS = 0.1
"""Sets how soon the lower seven bits follow the upper ones of a controller that has 14."""


class Learner:
    """Binds the next controller that moves to an address.

    Args:
        on_learned: takes the mapping.
    """

    def __init__(self, on_learned: Callable[[Mapping], None]) -> None:
        self._on_learned = on_learned
        self._address, self._argument = "", 1
        self._last: tuple[Mapping, float] | None = None

    @property
    def address(self) -> str:
        """Return the address that waits for a controller; empty for none."""
        return self._address

    def learn(self, address: str, argument: int = 1) -> None:
        """Wait for a controller to move; with an empty address, no longer.

        Raises:
            MappingError: no controller can move that address.
        """
        if address:
            Target(Mapping(address, Source(Control.CONTROLLER), argument=argument))
        self._address, self._argument, self._last = address, argument, None

    def take(self, move: Move, now: float) -> bool:
        """Bind a controller where one is waited for; return whether the move was meant so."""
        if not self._address:
            return self._take_fine(move, now)
        source = Source(move.control, move.number, move.channel, move.device)
        mapping = Mapping(self._address, source, argument=self._argument)
        target = Target(mapping)
        is_press = target.is_button or target.is_switch
        if not _fits(move.control, is_press) or (is_press and not move.pressed):
            return False
        if target.is_switch:
            mapping = Mapping(self._address, source, Mode.TOGGLE, argument=self._argument)
        self._address, self._last = "", (mapping, now)
        self._on_learned(mapping)
        return True

    def _take_fine(self, move: Move, now: float) -> bool:
        """Take the lower seven bits of the controller that was learned a moment ago: it has 14 bits."""
        if self._last is None or now - self._last[1] > _PAIR_SECONDS:
            return False
        mapping, _ = self._last
        source = mapping.source
        pair = Control.CONTROLLER, source.number + cc.FINE, source.channel, source.device
        if source.control is not Control.CONTROLLER or source.number >= cc.FINE or mapping.mode is Mode.TOGGLE:
            return False
        if (move.control, move.number, move.channel, move.device) != pair:
            return False
        self._last = None
        fine = Source(Control.CONTROLLER14, source.number, source.channel, source.device)
        self._on_learned(Mapping(mapping.address, fine, argument=mapping.argument))
        return True


def _fits(control: Control, is_press: bool) -> bool:
    """Return whether a player who moves that control can mean it: fingers press on keys without meaning to."""
    if control is Control.NOTE:
        return is_press
    if control is Control.BEND:
        return not is_press
    return control in (Control.CONTROLLER, Control.NRPN)
