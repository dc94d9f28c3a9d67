"""The anchors on the pad: which there are, whether they play, and that they are kept."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from aitunes.errors import AiTunesError
from aitunes.features import FloatArray
from instrument.pad.anchors import MAX_ANCHORS, Anchor, AnchorFile, moved
from instrument.pad.model import EngineModel
from instrument.pad.point import Point


class AnchorSet(QObject):
    """The anchors of the playing release.

    Args:
        model: whose release they belong to.
        point: blends among them while they are active.
        file: where they are kept.
    """

    changed = Signal()

    def __init__(self, model: EngineModel, point: Point, file: AnchorFile) -> None:
        super().__init__()
        self._model, self._point, self._file = model, point, file
        self.anchors: list[Anchor] = []
        self.active = False
        self._removed: list[tuple[int, Anchor]] = []
        model.release_changed.connect(self._read)

    def add(self, name: str, coordinates: FloatArray, x: float, y: float) -> None:
        """Put a sound, [latent_dim] standard deviations, on the pad."""
        if len(self.anchors) >= MAX_ANCHORS:
            self._model.told.emit(f"There are {MAX_ANCHORS} anchors already; remove one first.")
            return
        self.anchors.append(moved(Anchor(name, x, y, tuple(float(c) for c in coordinates)), x, y))
        self.keep()

    def move(self, number: int, x: float, y: float) -> None:
        """Drag an anchor; `keep` when it is let go."""
        self.anchors[number] = moved(self.anchors[number], x, y)
        self._follow()

    def rename(self, number: int, name: str) -> None:
        """Give an anchor another name."""
        self.anchors[number] = replace(self.anchors[number], name=name)
        self.keep()

    def remove(self, number: int) -> None:
        """Take an anchor away; `bring_back` undoes it."""
        self._removed.append((number, self.anchors.pop(number)))
        self.keep()
        self._model.told.emit(f"“{self.last_removed}” is gone; Ctrl+Z brings it back.")

    @property
    def last_removed(self) -> str:
        """The name of the anchor that was taken away last; empty where there is none to bring back."""
        return self._removed[-1][1].name if self._removed else ""

    def bring_back(self) -> None:
        """Put the anchor that was taken away last where it was."""
        if self._removed and len(self.anchors) < MAX_ANCHORS:
            number, anchor = self._removed.pop()
            self.anchors.insert(number, anchor)
            self.keep()

    def activate(self, active: bool) -> None:
        """Let the point blend among the anchors, or move on the map again."""
        self.active = active and bool(self.anchors)
        self._follow()

    def keep(self) -> None:
        """Write the anchors down."""
        self.active = self.active and bool(self.anchors)
        self._follow()
        if self._model.card is not None:
            try:
                self._file.write(self._model.card.name, self.anchors)
            except AiTunesError as error:
                self._model.told.emit(str(error))

    def _follow(self) -> None:
        if self.active or self._point.blending:
            self._point.blend_among(list(self.anchors) if self.active else [])
        self.changed.emit()

    def _read(self) -> None:
        self.active = False
        self.anchors, self._removed = [], []
        if self._model.card is not None:
            try:
                self.anchors = self._file.read(self._model.card.name, self._model.latent_dim)
            except AiTunesError as error:
                self._model.told.emit(str(error))
        self.changed.emit()
