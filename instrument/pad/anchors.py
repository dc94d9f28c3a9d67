"""Anchors: sounds that were put on the pad, and what lies between them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from aitunes.errors import AiTunesError, reason
from aitunes.features import FloatArray

_POWER = 2.0
_AT_ONE = 1e-4
MAX_ANCHORS = 64


class AnchorError(AiTunesError):
    """Anchors that cannot be kept or read."""


@dataclass(frozen=True)
class Anchor:
    """A sound with a place of its own choice on the pad.

    Args:
        name: what the performer calls it.
        x, y: its place, 0..1.
        coordinates: the sound, standard deviations, [latent_dim].
    """

    name: str
    x: float
    y: float
    coordinates: tuple[float, ...]


def shares(anchors: list[Anchor], x: float, y: float) -> FloatArray:
    """What each anchor gives to the sound at a place: by the inverse of its squared distance.

    Args:
        anchors: at least one.

    Returns:
        [anchors], 1 in all; at an anchor that one alone.

    Reference:
        Shepard, "A two-dimensional interpolation function for irregularly-spaced data", 1968.
    """
    places = np.array([(anchor.x, anchor.y) for anchor in anchors])
    distance = np.hypot(*(places - (x, y)).T)
    nearest = int(distance.argmin())
    if distance[nearest] < _AT_ONE:
        return np.eye(len(anchors), dtype=np.float32)[nearest]
    weights = distance**-_POWER
    return np.asarray(weights / weights.sum(), np.float32)


def blend(anchors: list[Anchor], x: float, y: float) -> FloatArray:
    """The sound at a place among anchors, [latent_dim] standard deviations; at an anchor exactly its own."""
    sounds = np.array([anchor.coordinates for anchor in anchors], np.float32)
    return shares(anchors, x, y) @ sounds


def moved(anchor: Anchor, x: float, y: float) -> Anchor:
    """The anchor at another place of the pad."""
    return replace(anchor, x=min(max(x, 0.0), 1.0), y=min(max(y, 0.0), 1.0))


class AnchorFile:
    """The anchors of each release, in a folder of JSON files."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, release: str, latent_dim: int) -> list[Anchor]:
        """The anchors kept for a release; none where none fit it.

        Raises:
            AnchorError: the file is damaged or cannot be read.
        """
        path = self._path(release)
        try:
            if not path.exists():
                return []
            values = json.loads(path.read_text(encoding="utf-8"))
            anchors = [
                Anchor(str(v["name"]), float(v["x"]), float(v["y"]), tuple(float(c) for c in v["coordinates"]))
                for v in values[:MAX_ANCHORS]
            ]
        except OSError as error:
            raise AnchorError(f"The anchors in {path} cannot be read: {reason(error)}.") from error
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise AnchorError(f"The anchors in {path} are damaged; move the file away to begin anew.") from error
        return [anchor for anchor in anchors if len(anchor.coordinates) == latent_dim]

    def write(self, release: str, anchors: list[Anchor]) -> None:
        """Keep the anchors of a release.

        Raises:
            AnchorError: the folder cannot be written.
        """
        path = self._path(release)
        partial = path.with_suffix(".partial")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_text(json.dumps([asdict(anchor) for anchor in anchors], indent=1), encoding="utf-8")
            partial.replace(path)
        except OSError as error:
            raise AnchorError(f"The anchors cannot be kept in {path.parent}: {reason(error)}.") from error

    def _path(self, release: str) -> Path:
        return self._folder / f"{release}.json"
