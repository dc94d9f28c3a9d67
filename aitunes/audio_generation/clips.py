"""Defines the items of a generated data set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from aitunes.audio_generation.waves import FloatArray


@dataclass(frozen=True)
class Clip:
    """Holds one item of a data set: a mono waveform [samples], its label, and a name that no other item has."""

    y: FloatArray
    label: str
    name: str


class ClipMaker(Protocol):
    """Makes one clip of a data set from its number and the seed of the whole."""

    def __call__(self, index: int, seed: int) -> Clip: ...
