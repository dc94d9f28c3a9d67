"""Blends between anchors, which are sounds at fixed positions on the pad, and stores them for each release."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QObject, Signal

from aitunes.damaged_json import read_items
from aitunes.errors import AiTunesError
from aitunes.features import FloatArray
from aitunes.motion.choice import TYPICAL, Contour
from aitunes.release.card import LATENT_LIMIT
from instrument.pad.json_file import JsonFile
from instrument.pad.model import EngineModel
from instrument.pad.point import Point

_POWER = 2.0
_AT_ANCHOR = 1e-4
MAX_ANCHORS = 64
_MAX_BYTES = 1 << 20
_MAX_NAME = 200


@dataclass(frozen=True)
class Anchor:
    """Holds a sound at a position on the pad that the performer chose.

    Args:
        name: shown beside it.
        x, y: position, 0..1.
        coordinates: the sound, standard deviations, [latent_dim].
        attack, decay: how its notes begin and fall, beside what is typical there.
    """

    name: str
    x: float
    y: float
    coordinates: tuple[float, ...]
    attack: float = 1.0
    decay: float = 0.0

    def moved(self, x: float, y: float) -> Anchor:
        """Return the anchor at another position, clipped to the pad."""
        return replace(self, x=min(max(x, 0.0), 1.0), y=min(max(y, 0.0), 1.0))


def anchor_weights(anchors: list[Anchor], x: float, y: float) -> FloatArray:
    """Weight each anchor by the inverse of its squared distance from a position.

    Args:
        anchors: at least one.

    Returns:
        [anchors], summing to 1; exactly at an anchor, that anchor has weight 1.

    Reference:
        Shepard, "A two-dimensional interpolation function for irregularly-spaced data", 1968.
    """
    positions = np.array([(anchor.x, anchor.y) for anchor in anchors])
    distance = np.hypot(*(positions - (x, y)).T)
    nearest = int(distance.argmin())
    if distance[nearest] < _AT_ANCHOR:
        return np.eye(len(anchors), dtype=np.float32)[nearest]
    weights = distance**-_POWER
    return np.asarray(weights / weights.sum(), np.float32)


def blend(anchors: list[Anchor], x: float, y: float) -> FloatArray:
    """Interpolate the anchors' sounds at a position: [latent_dim] standard deviations."""
    sounds = np.array([anchor.coordinates for anchor in anchors], np.float32)
    return anchor_weights(anchors, x, y) @ sounds


def blend_contour(anchors: list[Anchor], x: float, y: float) -> Contour:
    """Interpolate how the anchors' notes begin, in octaves, and fall, at a position."""
    weights = anchor_weights(anchors, x, y)
    attack = np.exp(weights @ np.log([anchor.attack for anchor in anchors]))
    return Contour(float(attack), float(weights @ np.array([anchor.decay for anchor in anchors])))


class _AnchorFormat:
    """Reads and writes the text of a file of anchors."""

    def parse(self, text: str) -> tuple[list[Anchor], bool]:
        """Take the anchors that can be read."""
        items, is_whole = read_items(text)
        anchors = []
        for item in items:
            try:
                anchors.append(_anchor(item))
            except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
                is_whole = False
        return anchors, is_whole

    def merge(self, backup: list[Anchor], rescued: list[Anchor]) -> list[Anchor]:
        """Take the backup where it has any."""
        return backup or rescued

    def dump(self, value: list[Anchor]) -> str:
        """Write a list of all anchors."""
        return json.dumps([asdict(anchor) for anchor in value], indent=1)


class AnchorFile:
    """Stores the anchors of each release in a folder of JSON files.

    Args:
        folder: where they are.
        report: takes a sentence about a damaged file.
    """

    def __init__(self, folder: Path, report: Callable[[str], None] = lambda sentence: None) -> None:
        self._folder = folder
        self._report = report

    def read(self, release: str, latent_dim: int) -> list[Anchor]:
        """Read the anchors of a release; anchors with another number of coordinates are left out.

        Raises:
            AiTunesError: the file cannot be read.
        """
        anchors = self._file(release).read() or []
        return [anchor for anchor in anchors[:MAX_ANCHORS] if len(anchor.coordinates) == latent_dim]

    def write(self, release: str, anchors: list[Anchor]) -> None:
        """Write the anchors of a release.

        Raises:
            AiTunesError: the folder cannot be written.
        """
        self._file(release).write(anchors)

    def _file(self, release: str) -> JsonFile[list[Anchor]]:
        path = self._folder / f"{release}.json"
        return JsonFile(path, _MAX_BYTES, _AnchorFormat(), f"The anchors of {release}", self._report)


def _anchor(value: Any) -> Anchor:
    """Check an anchor that was read from a file.

    Raises:
        ValueError, TypeError, KeyError: it is none.
    """
    numbers = [float(number) for number in (value["x"], value["y"], *value["coordinates"])]
    if not np.isfinite(numbers).all():
        raise ValueError("a coordinate is not finite")
    x, y, *coordinates = numbers
    sound = tuple(np.clip(coordinates, -LATENT_LIMIT, LATENT_LIMIT).tolist())
    contour = Contour(float(value.get("attack", 1.0)), float(value.get("decay", 0.0))).bounded()
    return Anchor(str(value["name"])[:_MAX_NAME], 0.0, 0.0, sound, *contour).moved(x, y)


class AnchorSet(QObject):
    """Holds the anchors of the playing release and stores every change.

    Args:
        model: its release decides which anchors are loaded.
        point: blends between the anchors while they are active.
        file: where they are stored.
    """

    changed = Signal()

    def __init__(self, model: EngineModel, point: Point, file: AnchorFile, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model, self._point, self._file = model, point, file
        self.anchors: list[Anchor] = []
        self.active = False
        self._removed: list[tuple[int, Anchor]] = []
        self._has_contour = False
        model.release_changed.connect(self._read)
        point.moved.connect(self._play_contour)

    def add(self, name: str, coordinates: FloatArray, x: float, y: float, contour: Contour = TYPICAL) -> None:
        """Put a sound, [latent_dim] standard deviations, on the pad."""
        if len(self.anchors) >= MAX_ANCHORS:
            self._model.message.emit(f"There are {MAX_ANCHORS} anchors already; remove one first.")
            return
        self.anchors.append(Anchor(name, 0.0, 0.0, tuple(float(c) for c in coordinates), *contour).moved(x, y))
        self.save()

    def move(self, number: int, x: float, y: float) -> None:
        """Move an anchor while it is dragged; `save` ends the drag."""
        self.anchors[number] = self.anchors[number].moved(x, y)
        self._update_point()

    def rename(self, number: int, name: str) -> None:
        """Change an anchor's name."""
        self.anchors[number] = replace(self.anchors[number], name=name)
        self.save()

    def remove(self, number: int) -> None:
        """Remove an anchor; `restore` undoes it."""
        self._removed.append((number, self.anchors.pop(number)))
        self.save()
        self._model.message.emit(f"Removed “{self.last_removed}”; Ctrl+Z restores it.")

    @property
    def last_removed(self) -> str:
        """Name the anchor that `restore` would bring back; empty where there is none."""
        return self._removed[-1][1].name if self._removed else ""

    def restore(self) -> None:
        """Put the anchor that was removed last back where it was."""
        if self._removed and len(self.anchors) < MAX_ANCHORS:
            number, anchor = self._removed.pop()
            self.anchors.insert(number, anchor)
            self.save()

    def activate(self, active: bool) -> None:
        """Switch the point between blending the anchors and moving on the map."""
        self.active = active and bool(self.anchors)
        self._update_point()

    def toggle(self) -> None:
        """Switch blending on or off."""
        self.activate(not self.active)

    def save(self) -> None:
        """Write the anchors to their file."""
        self.active = self.active and bool(self.anchors)
        self._update_point()
        if self._model.card is not None:
            try:
                self._file.write(self._model.card.name, self.anchors)
            except AiTunesError as error:
                self._model.message.emit(str(error))

    def _update_point(self) -> None:
        if self.active or self._point.blending:
            anchors = list(self.anchors) if self.active else []
            self._point.follow(partial(blend, anchors) if anchors else None)
        self.changed.emit()

    def _play_contour(self) -> None:
        """Let notes begin and fall as the anchors do, where one of them has that, and as is typical after them."""
        anchors = self.anchors if self.active and self._point.blending else []
        has_contour = any((anchor.attack, anchor.decay) != TYPICAL for anchor in anchors)
        if has_contour or self._has_contour:
            contour = blend_contour(anchors, *self._point.target) if anchors else TYPICAL
            for name, value in (("/motion/attack", contour.attack), ("/motion/decay", contour.decay)):
                if self._model.value(name) != value:
                    self._model.set(name, value)
        self._has_contour = has_contour

    def _read(self) -> None:
        self.active = False
        self.anchors, self._removed = [], []
        if self._model.card is not None:
            try:
                self.anchors = self._file.read(self._model.card.name, self._model.latent_dim)
            except AiTunesError as error:
                self._model.message.emit(str(error))
        self.changed.emit()
