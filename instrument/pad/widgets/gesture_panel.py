"""Gestures: record what the hands do, loop it, play it at another speed, take it away as a score."""

from __future__ import annotations

import shutil
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QLabel, QListWidget, QWidget

from aitunes.errors import reason
from instrument.pad import theme
from instrument.pad.model import EngineModel
from instrument.pad.widgets.buttons import button
from instrument.pad.widgets.fader import Fader
from instrument.storage import paths


class GesturePanel(QWidget):
    """Gestures are recorded, kept and played by the engine; each is a score that `aitunes render` accepts.

    Args:
        model: asks the engine.
        folder: where an engine on this machine keeps gestures.
    """

    def __init__(self, model: EngineModel, folder: Path | None = None) -> None:
        super().__init__()
        self._model = model
        self._folder = folder or paths.gestures()
        self.record = button("Record a gesture", "Record a gesture", "(G)", toggles=True, role="record")
        self.record.clicked.connect(self.toggle_record)
        self.list = QListWidget()
        self.list.setAccessibleName("Gestures")
        self.list.itemDoubleClicked.connect(lambda _item: self.play())
        self.replay = button("Play", "Play the chosen gesture", toggles=True)
        self.replay.clicked.connect(self._toggle_play)
        self.loop = button("Loop", "Play the gesture again and again", toggles=True)
        self.export = button("Export…", "Export the chosen gesture as a score", "A score that aitunes render accepts")
        self.export.clicked.connect(self._choose_export)
        self.delete = button("Delete", "Delete the chosen gesture")
        self.delete.clicked.connect(self._delete)
        self.speed = Fader("Speed", 0.1, 10.0, 1.0, lambda value: f"{value:.2f} ×", 2.5)
        self._lay_out()
        model.lists.changed.connect(lambda kind: self._show_list() if kind == "gesture" else None)
        model.changed.connect(lambda name: self._show() if name.startswith("/gesture/") else None)

    def _lay_out(self) -> None:
        whole = theme.column(self, 0.45)
        whole.addWidget(self.record)
        whole.addWidget(self.list, 1)
        whole.addWidget(self.speed)
        for pair in ((self.replay, self.loop), (self.export, self.delete)):
            line = theme.row(gap=0.35)
            for each in pair:
                line.addWidget(each)
            whole.addLayout(line)
        hint = QLabel("A gesture is all that arrives meanwhile, from here and from any other program.")
        hint.setWordWrap(True)
        hint.setProperty("role", "quiet")
        whole.addWidget(hint)

    @property
    def chosen(self) -> str:
        """The chosen gesture's name."""
        item = self.list.currentItem()
        return item.text() if item else ""

    def play(self) -> None:
        """Replay the chosen gesture."""
        if self.chosen:
            self._model.send("/gesture/play", self.chosen, int(self.loop.isChecked()), float(self.speed.number))

    def toggle_record(self) -> None:
        """Begin to record, or end and keep what was recorded."""
        self._show()
        if self._model.value("/gesture/record"):
            self._model.send("/gesture/stop")
            return
        number = 1
        while f"gesture {number}" in self._model.lists.gestures:
            number += 1
        self._model.send("/gesture/record", f"gesture {number}")

    def _delete(self) -> None:
        if self.chosen:
            self._model.send("/gesture/delete", self.chosen)

    def export_to(self, path: Path) -> None:
        """Copy the chosen gesture's score there."""
        try:
            shutil.copyfile(self._folder / f"{self.chosen}.txt", path)
        except OSError as error:
            self._model.told.emit(f"The gesture could not be exported: {reason(error)}.")
        else:
            self._model.told.emit(f"Exported; aitunes render {path.name} -o FILE makes sound of it.")

    def _toggle_play(self) -> None:
        self._show()
        if self._model.value("/gesture/play"):
            self._model.send("/gesture/stop")
        else:
            self.play()

    def _choose_export(self) -> None:
        if self.chosen:
            name, _ = QFileDialog.getSaveFileName(self, "A gesture as a score", f"{self.chosen}.txt", "Scores (*.txt)")
            if name:
                self.export_to(Path(name))

    def _show(self) -> None:
        recording, playing = self._model.value("/gesture/record"), self._model.value("/gesture/play")
        self.record.setChecked(bool(recording))
        self.record.setText("Recording …" if recording else "Record a gesture")
        self.record.setToolTip(f"Recording {recording} (G)" if recording else "(G)")
        self.replay.setChecked(bool(playing))
        self.replay.setText("Playing" if playing else "Play")
        self.replay.setToolTip(f"Playing {playing}" if playing else "")

    def _show_list(self) -> None:
        chosen, names = self.chosen, self._model.lists.gestures
        new = [name for name in names if name not in [self.list.item(n).text() for n in range(self.list.count())]]
        self.list.clear()
        self.list.addItems(names)
        wanted = new[-1] if len(new) == 1 else chosen
        self.list.setCurrentRow(names.index(wanted) if wanted in names else len(names) - 1)
