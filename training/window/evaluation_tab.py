"""Shows the evaluation of a model: figures, pictures, sounds."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QScrollArea,
    QSplitter,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from aitunes.bounded_files import read_bounded
from training.window.formats import figure
from training.window.look import GAP, caption, hinted, named, plain_table
from training.window.workshop import Answer, Workshop

_PICTURES = ("reconstructions.png", "codes.png", "latent.png")

_MAX_BYTES = 1 << 20


class EvaluationTab(QWidget):
    """Shows the page that the evaluation writes."""

    def __init__(self, workshop: Workshop, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workshop = workshop
        self._page = Path()
        self.button = hinted(QPushButton("Evaluate"), "Measure the chosen model on held-out items (Ctrl+E)")
        self.text = caption("Figures of the chosen model on items that it has never seen.")
        self.open_button = hinted(QPushButton("Open the pa&ge"), "The same in the browser")
        self.open_button.setEnabled(False)
        self.table = plain_table(("Figure", "Value"), "Figures of the evaluation")
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self._shown: list[QWidget] = []
        self.pictures = QVBoxLayout()
        self._lay_out()
        self.button.clicked.connect(workshop.evaluate)
        self.open_button.clicked.connect(lambda: QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._page))))
        workshop.evaluated.connect(self._show)
        workshop.busy_changed.connect(self._show_busy)

    def _lay_out(self) -> None:
        inside = QWidget()
        self.pictures = QVBoxLayout(inside)
        self.pictures.setSpacing(GAP)
        self.pictures.addStretch(1)
        scroll = QScrollArea(widgetResizable=True)
        scroll.setWidget(inside)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        columns = QSplitter(Qt.Orientation.Horizontal)
        columns.addWidget(self.table)
        columns.addWidget(scroll)
        columns.setStretchFactor(1, 1)
        columns.setSizes([290, 650])
        head = QHBoxLayout()
        head.addWidget(self.button)
        head.addWidget(self.text, 1)
        head.addWidget(self.open_button)
        layout = QVBoxLayout(self)
        layout.addLayout(head)
        layout.addWidget(columns, 1)

    def _show_busy(self, action: str) -> None:
        self.button.setEnabled(action != "evaluate")

    def _show(self, answer: Answer) -> None:
        self._page = Path(answer["page"])
        self.open_button.setEnabled(True)
        self.text.setText(f"{answer['model']} on held-out items")
        self.table.setRowCount(len(answer["figures"]))
        for row, (name, value) in enumerate(answer["figures"].items()):
            self.table.setItem(row, 0, QTableWidgetItem(name.replace("_", " ")))
            number = QTableWidgetItem(figure(value))
            number.setTextAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            self.table.setItem(row, 1, number)
        self._show_page(self._page.parent)

    def _show_page(self, folder: Path) -> None:
        for widget in self._shown:
            widget.deleteLater()
        sounds, names = sorted(folder.glob("*-original.wav")), _track_names(folder)
        self._shown = [self._players(name, path) for name, path in zip(names, sounds, strict=False)]
        self._shown += [Picture(folder / name) for name in _PICTURES if (folder / name).is_file()]
        for n, widget in enumerate(self._shown):
            self.pictures.insertWidget(n, widget)

    def _players(self, name: str, original: Path) -> QWidget:
        """Make a row of buttons that play a track and its reconstruction."""
        line = QWidget()
        layout = QHBoxLayout(line)
        layout.setContentsMargins(0, 0, 0, 0)
        title = QLabel(name)
        title.setTextFormat(Qt.TextFormat.PlainText)
        layout.addWidget(title)
        for kind in ("original", "reconstruction"):
            path = original.with_name(f"{original.name.removesuffix('original.wav')}{kind}.wav")
            button = named(QPushButton(f"▶ {kind.capitalize()}"), f"Play the {kind} of {name}")
            button.clicked.connect(partial(self._workshop.player.play, path))
            layout.addWidget(button)
        layout.addStretch(1)
        return line


def _track_names(folder: Path) -> list[str]:
    """Read the names of the tracks that the evaluation has written as sound."""
    try:
        return [str(name) for name in json.loads(read_bounded(folder / "tracks.json", _MAX_BYTES))]
    except (OSError, ValueError, TypeError, RecursionError):
        return []


class Picture(QLabel):
    """Shows a picture as wide as there is room, and no wider than it is."""

    def __init__(self, path: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._pixels = QPixmap(str(path))
        self.setAccessibleName(path.stem)
        self.setMinimumWidth(100)
        self.setAlignment(Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft)

    @override
    def resizeEvent(self, event: QResizeEvent) -> None:
        width = min(event.size().width(), self._pixels.width())
        if width > 0 and (self.pixmap().isNull() or self.pixmap().width() != width):
            scaled = self._pixels.scaledToWidth(width, Qt.TransformationMode.SmoothTransformation)
            self.setPixmap(scaled)
            self.setMinimumHeight(scaled.height())
