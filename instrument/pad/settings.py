"""Lists the settings that the pad mirrors, with their values until the engine has sent its own."""

from __future__ import annotations

from instrument.namespace import ROOT, Value, initial_values

GESTURE_STATES = ("/gesture/record", "/gesture/play")
"""The gestures that are being recorded and replayed."""

NOTE_SETTINGS = ("/pitch", "/bend", "/envelope", "/voices", "/portamento", "/drone")
"""Settings of releases that have a pitch."""

RESTORED = ("/smoothing", "/gain", "/freeze", "/position", "/speed", "/quality")
"""Settings that a restarted engine is sent again."""

SETTINGS: dict[str, tuple[Value, ...]] = {
    name: initial_values()[ROOT + name] for name in (*RESTORED, *NOTE_SETTINGS, *GESTURE_STATES, "/device/block")
}
"""Initial values of the settings beside the latent position."""
