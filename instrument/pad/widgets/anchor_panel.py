"""The anchors in a list: put one here, name it, take it away; sound files become anchors."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QLabel, QListWidget, QListWidgetItem, QWidget

from aitunes.features import FloatArray
from instrument.pad import theme
from instrument.pad.anchor_set import AnchorSet
from instrument.pad.encoding import Encoding
from instrument.pad.model import EngineModel
from instrument.pad.point import Point
from instrument.pad.widgets.buttons import button

_SOUNDS = "Sounds (*.wav *.flac *.ogg *.opus *.mp3 *.aif *.aiff)"
SOUND_ENDINGS = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff")


class AnchorPanel(QWidget):
    """The anchors of the playing release."""

    def __init__(self, model: EngineModel, point: Point, anchors: AnchorSet, encoding: Encoding) -> None:
        super().__init__()
        self._model, self._point, self._anchors, self._encoding = model, point, anchors, encoding
        self.folder: Path | None = None
        self._places: list[tuple[float, float]] = []
        self.active = button(
            "Blend the anchors", "Blend the anchors", "The point plays what lies between the anchors (B)", toggles=True
        )
        self.active.clicked.connect(anchors.activate)
        self.here = button("Anchor here", "Make the present sound an anchor")
        self.here.clicked.connect(self.add_here)
        self.files = button("Files…", "Make anchors of sound files")
        self.files.clicked.connect(self._choose_files)
        self.remove = button("Remove", "Remove the chosen anchor")
        self.remove.clicked.connect(self._remove)
        self.list = QListWidget()
        self.list.setAccessibleName("Anchors")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemChanged.connect(self._rename)
        self._lay_out()
        anchors.changed.connect(self._show)
        encoding.encoded.connect(self._take)
        encoding.failed.connect(model.told)
        self._show()

    def _lay_out(self) -> None:
        whole = theme.column(self, 0.45)
        whole.addWidget(self.active)
        whole.addWidget(self.list, 1)
        buttons = theme.row(gap=0.35)
        for each in (self.here, self.files, self.remove):
            buttons.addWidget(each)
        whole.addLayout(buttons)
        hint = QLabel("Drop sound files on the pad; drag anchors; a double-click here renames one.")
        hint.setWordWrap(True)
        hint.setProperty("role", "quiet")
        whole.addWidget(hint)

    def add_here(self) -> None:
        """Make the present sound an anchor where the hand is."""
        name = f"anchor {len(self._anchors.anchors) + 1}"
        self._anchors.add(name, self._model.glide.current, *self._point.hand)

    def add_files(self, paths: list[Path], x: float, y: float) -> None:
        """Have sound files encoded, to be anchors around a place."""
        if self.folder is None:
            self._model.told.emit("Sound files need the release's encoder, and this release is not on this machine.")
            return
        for n, path in enumerate(paths):
            # Several at once stand side by side, so that each can be taken hold of.
            self._places.append((min(0.98, x + 0.06 * n), y))
            self._encoding.encode(self.folder, path)
        self._model.told.emit(f"Listening to {', '.join(path.name for path in paths)} …")

    def _choose_files(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, "Sounds to be anchors", "", _SOUNDS)
        if names:
            self.add_files([Path(name) for name in names], *self._point.hand)

    def _take(self, name: str, coordinates: FloatArray) -> None:
        place = self._places.pop(0) if self._places else self._point.hand
        if len(coordinates) == self._model.latent_dim:
            self._anchors.add(name, coordinates, *place)
            self._model.told.emit(f"“{name}” is an anchor.")

    def _remove(self) -> None:
        if self.list.currentRow() >= 0:
            self._anchors.remove(self.list.currentRow())

    def _rename(self, item: QListWidgetItem) -> None:
        number = self.list.row(item)
        if item.text() != self._anchors.anchors[number].name:
            self._anchors.rename(number, item.text().strip() or self._anchors.anchors[number].name)

    def _show(self) -> None:
        self.active.setChecked(self._anchors.active)
        self.active.setEnabled(bool(self._anchors.anchors))
        names = [anchor.name for anchor in self._anchors.anchors]
        if names == [self.list.item(n).text() for n in range(self.list.count())]:
            return
        chosen = self.list.currentRow()
        self.list.blockSignals(True)
        self.list.clear()
        for name in names:
            item = QListWidgetItem(name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            self.list.addItem(item)
        self.list.setCurrentRow(min(chosen, len(names) - 1))
        self.list.blockSignals(False)
