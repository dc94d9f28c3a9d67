"""Holds items in memory, as a reader of images or a generator of vectors gives them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from aitunes.features import FloatArray


@dataclass(frozen=True)
class Items:
    """Holds a part of a data set.

    Args:
        S: [items, *input_shape] float32.
        labels: what each item is, [items].
    """

    S: FloatArray
    labels: NDArray[np.str_]

    def __post_init__(self) -> None:
        if len(self.S) != len(self.labels):
            raise ValueError(f"{len(self.S)} items have {len(self.labels)} labels.")

    def __len__(self) -> int:
        return len(self.S)

    def first(self, count: int | None) -> Items:
        """Return at most so many of them; all for None."""
        return self if count is None else Items(self.S[:count], self.labels[:count])


@dataclass(frozen=True)
class SplitItems:
    """Holds what to train on and what is held out."""

    train: Items
    held_out: Items
