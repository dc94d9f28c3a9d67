"""Lists the releases with their descriptions, maps and previews, and loads the selected one."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QListWidget, QWidget
from typing_extensions import override

from aitunes.errors import AiTunesError
from aitunes.release.files import open_bounded
from instrument.pad import theme
from instrument.pad.lists import ReleaseEntry
from instrument.pad.model import EngineModel
from instrument.pad.release_map import ReleaseMap, find
from instrument.pad.widgets.backdrop import paint_backdrop
from instrument.pad.widgets.buttons import button
from instrument.pad.widgets.label import label
from instrument.pad.widgets.sheet import Sheet
from instrument.storage.library import Library

PREVIEWS = {"preview.ogg": b"OggS", "preview.wav": b"RIFF"}
"""File names, in the order in which they are looked for, and how such a file begins."""

_MAX_PREVIEW_BYTES = 64 << 20
_BROWSE_MS = 150
"""Rows on which the selection rests for less are passed over."""


class ReleasePicker(Sheet):
    """Shows the releases over the window.

    Args:
        model: lists and loads releases.
        library: finds the maps of those on this machine.
    """

    def __init__(self, parent: QWidget, model: EngineModel, library: Library) -> None:
        super().__init__(parent, 56, 30)
        self._model, self._library = model, library
        self._entries: list[ReleaseEntry] = []
        self.list = QListWidget()
        self.list.setAccessibleName("Releases")
        self.list.currentRowChanged.connect(self._describe)
        self.list.itemActivated.connect(lambda _item: self.load())
        self.description = label(wraps=True)
        self.description.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.picture = label()
        self.picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.picture.setAccessibleName("Map of the selected release")
        self.picture.setMinimumSize(1, 1)
        self.picture.installEventFilter(self)
        self._release_map: ReleaseMap | None = None
        self._rest = QTimer(self, singleShot=True, interval=_BROWSE_MS)
        self._rest.timeout.connect(self._open_files)
        self.play = button("Load", "Load the selected release")
        self.play.clicked.connect(self.load)
        self.listen = button("Preview", "Preview of the selected release", "Opens in your system's player")
        self.listen.clicked.connect(self._listen)
        self._lay_out()
        model.lists.changed.connect(lambda kind: self._fill() if kind == "release" else None)

    def _lay_out(self) -> None:
        head = theme.row(gap=0.5)
        title = label("Releases", "title")
        close = button("Close", "Close the list of releases")
        close.clicked.connect(self.hide)
        head.addWidget(title, 1)
        head.addWidget(close)
        self.content.addLayout(head)
        columns = theme.row(gap=1.0)
        columns.addWidget(self.list, 2)
        side = theme.column(gap=0.6)
        side.addWidget(self.picture, 1)
        side.addWidget(self.description)
        buttons = theme.row(gap=0.5)
        buttons.addWidget(self.listen)
        buttons.addWidget(self.play, 1)
        side.addLayout(buttons)
        columns.addLayout(side, 3)
        self.content.addLayout(columns, 1)

    @override
    def open(self) -> None:
        self._model.lists.request("release")
        self._fill()
        self._select_playing()
        super().open()
        self.list.setFocus()

    def load(self) -> None:
        """Load the selected release."""
        entry = self._selected()
        if entry is not None:
            self._model.load(entry.name)
            self._model.message.emit(f"Loading “{entry.public_name}” …")
            self.hide()

    def _selected(self) -> ReleaseEntry | None:
        row = self.list.currentRow()
        return self._entries[row] if 0 <= row < len(self._entries) else None

    def _fill(self) -> None:
        if self._entries == self._model.lists.releases:
            return
        self._entries = self._model.lists.releases
        self.list.clear()
        self.list.addItems([entry.public_name for entry in self._entries])
        self._select_playing()

    def _select_playing(self) -> None:
        for n, entry in enumerate(self._entries):
            if self._model.card is not None and entry.name == self._model.card.name:
                self.list.setCurrentRow(n)

    def _describe(self, _row: int) -> None:
        entry = self._selected()
        if entry is None:
            return
        self.description.setText(
            f"{entry.description}\n\n{entry.latent_dim} latent dimensions.  Name over OSC: “{entry.name}”."
        )
        self._release_map = None
        self.picture.clear()
        self.listen.setEnabled(False)
        self._rest.start()

    def _open_files(self) -> None:
        """Read the map of the selected release, and look for its preview."""
        entry = self._selected()
        if entry is None:
            return
        self._release_map = self._map_of(entry)
        self.listen.setEnabled(self._preview(entry) is not None)
        self._show_map()

    def _preview(self, entry: ReleaseEntry) -> Path | None:
        """Return the file of the preview; None where it is missing, too large, or no sound."""
        folder = self._library.find(entry.name)
        if folder is None:
            return None
        for name, beginning in PREVIEWS.items():
            try:
                with open_bounded(folder / name, _MAX_PREVIEW_BYTES, f"The preview of {entry.name}") as file:
                    if file.read(len(beginning)) == beginning:
                        return folder / name
            except (AiTunesError, OSError):
                continue
        return None

    def _map_of(self, entry: ReleaseEntry) -> ReleaseMap | None:
        try:
            release_map = find(self._library, self._library.card(entry.name))
        except AiTunesError:  # elsewhere or damaged; loading it shows the reason
            return None
        return release_map if len(release_map.names) else None

    def _show_map(self) -> None:
        if self._rest.isActive():
            return
        if self._release_map is None:
            self.picture.setText("The map is not on this machine.")
            return
        size, ratio = self.picture.size(), self.devicePixelRatioF()
        axes = (0, min(1, self._release_map.coordinates.shape[1] - 1))
        self.picture.setPixmap(paint_backdrop(self._release_map, axes, size, ratio, self.font(), None))

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.picture and event.type() == QEvent.Type.Resize:
            self._show_map()
            return False
        return super().eventFilter(watched, event)

    def _listen(self) -> None:
        entry = self._selected()
        preview = self._preview(entry) if entry else None
        if preview is not None and not QDesktopServices.openUrl(QUrl.fromLocalFile(str(preview))):
            self._model.message.emit(f"No player opens {preview}.")
