"""Lists the settings that the pad mirrors, with their values until the engine has sent its own."""

from __future__ import annotations

from instrument.namespace import ROOT, Value, initial_values

_INITIAL = initial_values()
_MIRRORED = (
    "/smoothing",
    "/gain",
    "/width",
    "/pan",
    "/freeze",
    "/position",
    "/speed",
    "/quality",
    "/pitch",
    "/bend",
    "/envelope",
    "/voices",
    "/portamento",
    "/drone",
    "/motion",
    "/motion/speed",
    "/motion/mode",
    "/motion/seed",
    "/dream",
    "/gesture/record",
    "/gesture/play",
    "/device/block",
    "/midi/inputs",
    "/midi/learn",
    "/midi/list",
)

SETTINGS: dict[str, tuple[Value, ...]] = {name: _INITIAL[ROOT + name] for name in _MIRRORED}
"""Defaults of the settings beside the latent position, until the engine has sent its own."""

GESTURE_STATES = ("/gesture/record", "/gesture/play")
"""The gestures that are being recorded and replayed."""

MIDI_STATES = ("/midi/inputs", "/midi/learn", "/midi/list")
"""What `aitunes midi` has told the engine."""

NOTE_SETTINGS = ("/pitch", "/bend", "/envelope", "/voices", "/portamento", "/drone")
"""Settings of releases that have a pitch."""

_MOTION = ("/motion", "/motion/speed", "/motion/mode", "/motion/seed", "/dream")

RESTORED = ("/smoothing", "/gain", "/width", "/pan", "/freeze", "/position", "/speed", "/quality", *_MOTION)
"""Settings that a restarted engine is sent again."""
