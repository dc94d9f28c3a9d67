"""Lists the settings that the pad mirrors, with their values until the engine has sent its own."""

from __future__ import annotations

from instrument.namespace import Value

SETTINGS: dict[str, tuple[Value, ...]] = {
    "/glide": (0.0,),
    "/gain": (0.0,),
    "/freeze": (False,),
    "/position": (0.0,),
    "/speed": (1.0,),
    "/quality": (4, 0),
    "/pitch": (60.0,),
    "/bend": (0.0,),
    "/envelope": (0.01, 0.3),
    "/voices": (1,),
    "/portamento": (0.0,),
    "/drone": (True,),
    "/gesture/record": ("",),
    "/gesture/play": ("", 0, 1.0),
    "/device/block": (0,),
}
"""Defaults of the settings beside the latent position, until the engine has sent its own."""

GESTURE_STATES = ("/gesture/record", "/gesture/play")
"""The gestures that are being recorded and replayed."""

NOTE_SETTINGS = ("/pitch", "/bend", "/envelope", "/voices", "/portamento", "/drone")
"""Settings of releases that have a pitch."""

RESTORED = ("/glide", "/gain", "/freeze", "/position", "/speed", "/quality")
"""Settings that a restarted engine is sent again."""
