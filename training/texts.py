"""Texts of very many items that share few: labels and names of patches, without a copy for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

StrArray = NDArray[np.str_]


@dataclass(frozen=True, eq=False)
class _SharedTexts:
    values: StrArray
    which: NDArray[np.integer]

    def __len__(self) -> int:
        return len(self.which)

    def __getitem__(self, items: Any) -> Any:
        return self.values[self.which[items]]

    @override
    def __eq__(self, other: object) -> Any:
        return (self.values == other)[self.which]

    __hash__ = None  # type: ignore[assignment]  # like an array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> StrArray:
        return np.asarray(self.values[self.which])


def shared(values: StrArray, which: NDArray[np.integer]) -> StrArray:
    """What stands for `values[which]`: indexed, counted, compared and turned into an array as that would be.

    Args:
        values: the texts.
        which: of them each item has, [items].
    """
    return cast(StrArray, _SharedTexts(values, which))


def kinds(*several: StrArray) -> tuple[str, ...]:
    """All different texts, sorted."""
    return tuple(np.unique(np.concatenate([_different(texts) for texts in several])).tolist())


def _different(texts: StrArray) -> StrArray:
    return np.unique(texts.values[np.unique(texts.which)] if isinstance(texts, _SharedTexts) else texts)


def numbers(texts: StrArray, known: tuple[str, ...]) -> NDArray[np.int64]:
    """Of each item, the place of its text among some, which are sorted, [items]."""
    if isinstance(texts, _SharedTexts):
        return np.asarray(np.searchsorted(np.array(known), texts.values)[texts.which], np.int64)
    return np.asarray(np.searchsorted(np.array(known), texts), np.int64)
