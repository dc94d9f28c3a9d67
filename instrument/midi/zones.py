"""Keeps the MPE zones of one port: which channel manages which.

Reference:
    MIDI Association, *MIDI Polyphonic Expression*, M1-100-UM, version 1.1, section 2.2.
"""

from __future__ import annotations

from dataclasses import dataclass

LOWER, UPPER = 1, 16
"""The managers' channels."""
MAX_MEMBERS = 15
_MEMBERS_OF_TWO_ZONES = 14


@dataclass(frozen=True)
class Zone:
    """Describes a manager channel and the members that carry a note each."""

    manager: int
    members: range

    @property
    def channels(self) -> set[int]:
        """Return the channels of the zone, its manager's included."""
        return {self.manager, *self.members}


class Zones:
    """Divides the channels of a port into a lower zone, an upper zone, and channels outside of both."""

    def __init__(self) -> None:
        self._counts = {LOWER: 0, UPPER: 0}
        self._zones: dict[int, Zone] = {}

    def of(self, channel: int) -> Zone | None:
        """Return the zone that a channel belongs to."""
        return self._zones.get(channel)

    def has_member(self, channel: int) -> bool:
        """Return whether a channel carries single notes of a zone."""
        zone = self._zones.get(channel)
        return zone is not None and channel != zone.manager

    def configure(self, manager: int, count: int) -> set[int]:
        """Give a manager so many members, 0 to end its zone; the other zone gives way.

        Returns:
            The channels to reset: those of the zone, and those that have left one. Empty where that channel is no
            manager's, and so nothing changes.
        """
        if manager not in self._counts:
            return set()
        before = dict(self._zones)
        other = LOWER + UPPER - manager
        self._counts[manager] = min(count, MAX_MEMBERS)
        self._counts[other] = max(0, min(self._counts[other], _MEMBERS_OF_TWO_ZONES - self._counts[manager]))
        zones = [Zone(LOWER, range(2, 2 + self._counts[LOWER])), Zone(UPPER, range(15, 15 - self._counts[UPPER], -1))]
        self._zones = {channel: zone for zone in zones if zone.members for channel in zone.channels}
        changed = {channel for channel in before if before[channel].manager != self._manager_of(channel)}
        own = self._zones.get(manager)
        return changed | ({manager} if own is None else own.channels)

    def _manager_of(self, channel: int) -> int | None:
        zone = self._zones.get(channel)
        return None if zone is None else zone.manager
