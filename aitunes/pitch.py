"""Converts MIDI notes to frequencies, in equal temperament at 440 Hz."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

A4_HZ = 440.0
A4_MIDI = 69.0

Pitch = TypeVar("Pitch", float, NDArray[np.float64])


def midi_to_hz(midi: Pitch) -> Pitch:
    """Return the frequency of a MIDI note with fraction, or of an array of them, Hz.

    >>> midi_to_hz(69.0), midi_to_hz(57.0)
    (440.0, 220.0)
    """
    return A4_HZ * 2.0 ** ((midi - A4_MIDI) / 12.0)
