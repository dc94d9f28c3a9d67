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
    "/motion/quantise",
    "/motion/attack",
    "/motion/decay",
    "/dream",
    "/tempo",
    "/gesture/quantise",
    "/gesture/record",
    "/gesture/play",
    "/device/block",
    "/input/on",
    "/input/device/set",
    "/input/gain",
    "/input/gate",
    "/input/follow/timbre",
    "/input/follow/pitch",
    "/input/follow/level",
    "/input/transpose",
    "/input/mix",
    "/input/hold",
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

PROCESS_STATES = (*GESTURE_STATES, *MIDI_STATES, "/input/on", "/input/device/set", "/input/hold")
"""What is asked for, and never sent to a restarted engine: no microphone is opened by itself."""

NOTE_SETTINGS = ("/pitch", "/bend", "/envelope", "/voices", "/portamento", "/drone")
"""Settings of releases that have a pitch."""

_MOTION = tuple(name for name in _MIRRORED if name.startswith("/motion") or name == "/dream")

_INPUT = tuple(f"/input/{name}" for name in ("gain", "gate", "transpose", "mix"))
_FOLLOW = tuple(f"/input/follow/{name}" for name in ("timbre", "pitch", "level"))

_SOUND = ("/smoothing", "/gain", "/width", "/pan", "/freeze", "/position", "/speed", "/quality")

RESTORED = (*_SOUND, *_MOTION, "/tempo", "/gesture/quantise", *_INPUT, *_FOLLOW)
"""Settings that a restarted engine is sent again."""
