"""Passes on what the engine hears of its input, 25 times a second."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from instrument.namespace import ROOT


class InputFeed(QObject):
    """Holds the signals of the input's meter and spectrum."""

    metered = Signal(float, float, bool, float, float)
    """Peak and RMS in dB, whether the input is above its gate, its pitch as a MIDI note, how clear that is."""

    scoped = Signal(object)
    """Band levels, [bands] dB."""

    @property
    def handlers(self) -> dict[str, Callable[..., None]]:
        """Return what handles the engine's messages, by address."""
        return {f"{ROOT}/input/meter": self.metered.emit, f"{ROOT}/input/scope": self.scoped.emit}
