"""Stores the labels and names of very many segments without a copy for each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray
from typing_extensions import override

from training.data.track_items import TrackOf

StrArray = NDArray[np.str_]


@dataclass(frozen=True, eq=False)
class _Shared:
    values: NDArray[Any]
    track_of: TrackOf

    def __len__(self) -> int:
        return len(self.track_of)

    def __getitem__(self, items: Any) -> Any:
        return _plain(self.values[self.track_of[items]])

    @override
    def __eq__(self, other: object) -> Any:
        same = self.values == (other.encode() if isinstance(other, str) and self.values.dtype.kind == "S" else other)
        return same[self.track_of[np.arange(len(self))]]

    __hash__ = None  # type: ignore[assignment]  # like an array

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.asarray(self[np.arange(len(self))])


def shared(values: NDArray[Any], track_of: TrackOf) -> NDArray[Any]:
    """Make a view of `values[track_of[items]]` of all items, which indexes, compares and converts like that array.

    Args:
        values: of every track; texts may be in UTF-8.
    """
    return cast(NDArray[Any], _Shared(values, track_of))


def _plain(values: Any) -> Any:
    return np.strings.decode(values, "utf-8") if values.dtype.kind == "S" else values


def kinds(*several: StrArray) -> tuple[str, ...]:
    """List all different texts, sorted."""
    return tuple(np.unique(np.concatenate([_different(texts) for texts in several])).tolist())


def _different(texts: StrArray) -> StrArray:
    distinct = np.unique(texts.values[texts.track_of.tracks] if isinstance(texts, _Shared) else texts)
    return cast(StrArray, _plain(distinct))


def numbers(texts: StrArray, known: tuple[str, ...]) -> NDArray[np.int64]:
    """Number each item by the index of its text in `known`, which is sorted, [items]."""
    if isinstance(texts, _Shared):
        return shared(np.searchsorted(np.array(known), _plain(texts.values)), texts.track_of)
    return np.asarray(np.searchsorted(np.array(known), texts), np.int64)
