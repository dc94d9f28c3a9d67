"""Describes a snapshot: where the player was, and the settings of the sound."""

from __future__ import annotations

from dataclasses import dataclass

from instrument.namespace import Value

SNAPSHOT_SETTINGS = (
    "/smoothing",
    "/gain",
    "/width",
    "/pan",
    "/freeze",
    "/position",
    "/speed",
    "/pitch",
    "/envelope",
    "/voices",
    "/portamento",
    "/motion",
    "/motion/speed",
    "/motion/mode",
    "/motion/seed",
    "/motion/quantise",
    "/motion/attack",
    "/motion/decay",
    "/dream",
    "/input/follow/timbre",
    "/input/follow/pitch",
    "/input/follow/level",
    "/input/transpose",
    "/input/mix",
)
"""Lists the settings that a snapshot stores: the sound, not the notes, so a recall does not cut off a phrase; and not
the input's gain and gate, which belong to the room."""


@dataclass(frozen=True)
class Snapshot:
    """Stores a latent position and the settings of the sound, for one release."""

    release: str
    coordinates: list[float]
    settings: dict[str, list[Value]]
