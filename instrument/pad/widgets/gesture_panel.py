"""Records gestures, loops them, plays them at another speed, and exports them as scores."""

from __future__ import annotations

import shutil
from pathlib import Path

from PySide6.QtWidgets import QFileDialog, QListWidget, QWidget

from aitunes.errors import reason
from instrument.pad import theme
from instrument.pad.model import EngineModel
from instrument.pad.widgets.buttons import button
from instrument.pad.widgets.fader import Fader, grid_fader
from instrument.pad.widgets.label import label, literal_tip
from instrument.pad.widgets.learnable import learnable
from instrument.storage import paths


class GesturePanel(QWidget):
    """Shows the page for gestures, which the engine records, stores and plays as scores for `aitunes render`.

    Args:
        model: sends the commands.
        folder: where an engine on this machine stores gestures.
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
        self.replay = button("Play", "Play the selected gesture", toggles=True)
        self.replay.clicked.connect(self._toggle_play)
        self.loop = button("Loop", "Loop the gesture", toggles=True)
        self.export = button("Export…", "Export the selected gesture as a score", "A score that aitunes render accepts")
        self.export.clicked.connect(self._choose_export)
        self.delete = button("Delete", "Delete the selected gesture")
        self.delete.clicked.connect(self._delete)
        self.speed = Fader("Speed", 0.1, 10.0, 1.0, lambda value: f"{value:.2f} ×", 2.5)
        self.grid = grid_fader()
        self.grid.setToolTip("Gestures begin on these beats, and their loops take a whole number of them")
        self.grid.moved_to.connect(lambda beats: model.set("/gesture/quantise", float(beats)))
        learnable(self.grid, "/gesture/quantise")
        self._lay_out()
        model.lists.changed.connect(lambda kind: self._show_list() if kind == "gesture" else None)
        model.changed.connect(lambda name: self._show() if name.startswith("/gesture/") else None)

    def _lay_out(self) -> None:
        whole = theme.column(self, 0.45)
        whole.addWidget(self.record)
        whole.addWidget(self.list, 1)
        whole.addWidget(self.speed)
        whole.addWidget(self.grid)
        for pair in ((self.replay, self.loop), (self.export, self.delete)):
            line = theme.row(gap=0.35)
            for control in pair:
                line.addWidget(control)
            whole.addLayout(line)
        hint = "A gesture records all messages, from the pad and from any other program."
        whole.addWidget(label(hint, "quiet", wraps=True))

    @property
    def selected(self) -> str:
        """Return the selected gesture's name; empty where there is none."""
        item = self.list.currentItem()
        return item.text() if item else ""

    def play(self) -> None:
        """Play the selected gesture."""
        if self.selected:
            self._model.send("/gesture/play", self.selected, int(self.loop.isChecked()), float(self.speed.number))

    def toggle_record(self) -> None:
        """Start recording, or stop and store the gesture."""
        self._show()
        if self._model.value("/gesture/record"):
            self._model.send("/gesture/stop")
            return
        number = 1
        while f"gesture {number}" in self._model.lists.gestures:
            number += 1
        self._model.send("/gesture/record", f"gesture {number}")

    def _delete(self) -> None:
        if self.selected:
            self._model.send("/gesture/delete", self.selected)

    def export_to(self, path: Path) -> None:
        """Copy the selected gesture's score to a file."""
        score = self._folder / f"{self.selected}.txt"
        if score.parent != self._folder or not score.is_file():
            self._model.message.emit("The gesture is not on this machine; export it where the engine runs.")
            return
        try:
            shutil.copyfile(score, path)
        except OSError as error:
            self._model.message.emit(f"The gesture could not be exported: {reason(error)}.")
        else:
            self._model.message.emit(f"Exported; render it with: aitunes render {path.name} -o FILE")

    def _toggle_play(self) -> None:
        self._show()
        if self._model.value("/gesture/play"):
            self._model.send("/gesture/stop")
        else:
            self.play()

    def _choose_export(self) -> None:
        if self.selected:
            file = f"{self.selected}.txt"
            path, _ = QFileDialog.getSaveFileName(self, "A gesture as a score", file, "Scores (*.txt)")
            if path:
                self.export_to(Path(path))

    def _show(self) -> None:
        self.grid.show_value(float(self._model.value("/gesture/quantise")))
        recording, playing = self._model.value("/gesture/record"), self._model.value("/gesture/play")
        self.record.setChecked(bool(recording))
        self.record.setText("Recording …" if recording else "Record a gesture")
        self.record.setToolTip(literal_tip(f"Recording {recording} (G)" if recording else "(G)"))
        self.replay.setChecked(bool(playing))
        self.replay.setText("Playing" if playing else "Play")
        self.replay.setToolTip(literal_tip(f"Playing {playing}" if playing else ""))

    def _show_list(self) -> None:
        selected, names = self.selected, self._model.lists.gestures
        new = [name for name in names if name not in [self.list.item(n).text() for n in range(self.list.count())]]
        self.list.clear()
        self.list.addItems(names)
        name = new[-1] if len(new) == 1 else selected
        self.list.setCurrentRow(names.index(name) if name in names else len(names) - 1)
