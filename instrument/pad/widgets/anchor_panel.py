"""Lists the anchors: adds, renames and removes them, and makes anchors of sound files."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QListWidget, QListWidgetItem, QWidget

from aitunes.motion.choice import Contour
from instrument.pad import theme
from instrument.pad.anchors import AnchorSet
from instrument.pad.encoding import Encoded, EncoderQueue
from instrument.pad.model import EngineModel
from instrument.pad.point import Point
from instrument.pad.widgets.buttons import button
from instrument.pad.widgets.label import label

_SOUNDS = "Sounds (*.wav *.flac *.ogg *.opus *.mp3 *.aif *.aiff)"
SOUND_ENDINGS = (".wav", ".flac", ".ogg", ".opus", ".mp3", ".aif", ".aiff")


class AnchorPanel(QWidget):
    """Shows the page for the anchors of the playing release."""

    def __init__(self, model: EngineModel, point: Point, anchors: AnchorSet, encoder: EncoderQueue) -> None:
        super().__init__()
        self._model, self._point, self._anchors, self._encoder = model, point, anchors, encoder
        self.folder: Path | None = None
        self._positions: list[tuple[float, float]] = []
        self.active = button(
            "Blend the anchors", "Blend the anchors", "Play interpolations between the anchors (B)", toggles=True
        )
        self.active.clicked.connect(anchors.activate)
        self.here = button("Anchor here", "Make the present sound an anchor")
        self.here.clicked.connect(self.add_here)
        self.files = button("Files…", "Make anchors of sound files")
        self.files.clicked.connect(self._choose_files)
        self.remove = button("Remove", "Remove the selected anchor")
        self.remove.clicked.connect(self._remove)
        self.list = QListWidget()
        self.list.setAccessibleName("Anchors")
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemChanged.connect(self._rename)
        self._lay_out()
        anchors.changed.connect(self._show)
        encoder.encoded.connect(self._add_encoded)
        encoder.failed.connect(self._show_failure)
        self._show()

    def _lay_out(self) -> None:
        whole = theme.column(self, 0.45)
        whole.addWidget(self.active)
        whole.addWidget(self.list, 1)
        buttons = theme.row(gap=0.35)
        for control in (self.here, self.files, self.remove):
            buttons.addWidget(control)
        whole.addLayout(buttons)
        hint = "Drop sound files on the pad; drag anchors; a double-click here renames one."
        whole.addWidget(label(hint, "quiet", wraps=True))

    def add_here(self) -> None:
        """Make the present sound an anchor at the point."""
        name = f"anchor {len(self._anchors.anchors) + 1}"
        model = self._model
        contour = Contour(float(model.value("/motion/attack")), float(model.value("/motion/decay")))
        self._anchors.add(name, model.latent.current, *self._point.target, contour)

    def add_files(self, paths: list[Path], x: float, y: float) -> None:
        """Encode sound files, and put the results around a position."""
        if self.folder is None:
            self._model.message.emit("Sound files need the release's encoder, and this release is not on this machine.")
            return
        for n, path in enumerate(paths):
            # Side by side, so that each can be dragged.
            self._positions.append((min(0.98, x + 0.06 * n), y))
            self._encoder.add(self.folder, path)
        self._model.message.emit(f"Encoding {', '.join(path.name for path in paths)} …")

    def _choose_files(self) -> None:
        names, _ = QFileDialog.getOpenFileNames(self, "Sounds to be anchors", "", _SOUNDS)
        if names:
            self.add_files([Path(name) for name in names], *self._point.target)

    def _add_encoded(self, name: str, found: Encoded) -> None:
        position = self._positions.pop(0)
        if len(found.coordinates) == self._model.latent_dim:
            self._anchors.add(name, found.coordinates, *position, found.contour)
            self._model.message.emit(f"“{name}” is an anchor.")

    def _show_failure(self, sentence: str) -> None:
        self._positions.pop(0)
        self._model.message.emit(sentence)

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
        row = self.list.currentRow()
        self.list.blockSignals(True)
        self.list.clear()
        for name in names:
            item = QListWidgetItem(name)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsEditable)
            self.list.addItem(item)
        self.list.setCurrentRow(min(row, len(names) - 1))
        self.list.blockSignals(False)
