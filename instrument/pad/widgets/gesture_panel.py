"""Gestures: record what the hands do, loop it, play it at another speed."""

from __future__ import annotations

from PySide6.QtWidgets import QListWidget, QWidget

from instrument.namespace import ROOT
from instrument.pad import theme
from instrument.pad.model import EngineModel
from instrument.pad.widgets.buttons import button
from instrument.pad.widgets.fader import Fader


class GesturePanel(QWidget):
    """Gestures are kept and played by the engine."""

    def __init__(self, model: EngineModel) -> None:
        super().__init__()
        self._model = model
        self.record = button("Record a gesture", "Record a gesture", toggles=True, role="record")
        self.record.clicked.connect(self._toggle_record)
        self.list = QListWidget()
        self.list.setAccessibleName("Gestures")
        self.list.itemDoubleClicked.connect(lambda _item: self.play())
        self.replay = button("Play", "Play the chosen gesture")
        self.replay.clicked.connect(self.play)
        self.loop = button("Loop", "Play the gesture again and again", toggles=True)
        self.stop = button("Stop", "Stop the gesture")
        self.stop.clicked.connect(lambda: model.send("/gesture/stop"))
        self.delete = button("Delete", "Delete the chosen gesture")
        self.delete.clicked.connect(self._delete)
        self.speed = Fader("Speed", 0.1, 8.0, 1.0, lambda value: f"{value:.2f} ×", 2.5)
        self._recording = ""
        self._lay_out()
        model.lists.changed.connect(lambda kind: self._show() if kind == "gesture" else None)
        model.done.connect(self._hear_done)

    def _lay_out(self) -> None:
        whole = theme.column(self, 0.45)
        whole.addWidget(self.record)
        whole.addWidget(self.list, 1)
        whole.addWidget(self.speed)
        buttons = theme.row(gap=0.35)
        for each in (self.replay, self.loop, self.stop, self.delete):
            buttons.addWidget(each)
        whole.addLayout(buttons)

    @property
    def chosen(self) -> str:
        """The chosen gesture's name."""
        item = self.list.currentItem()
        return item.text() if item else ""

    def play(self) -> None:
        """Replay the chosen gesture."""
        if self.chosen:
            self._model.send("/gesture/play", self.chosen, int(self.loop.isChecked()), float(self.speed.number))

    def _toggle_record(self) -> None:
        if self._recording:
            self._model.send("/gesture/stop")
            return
        number = 1
        while f"gesture {number}" in self._model.lists.gestures:
            number += 1
        self._recording = f"gesture {number}"
        self._model.send("/gesture/record", self._recording)
        self._show()

    def _hear_done(self, path: str, _arguments: list[object]) -> None:
        if path == f"{ROOT}/gesture/stop":
            self._recording = ""
            self._show()

    def _delete(self) -> None:
        if self.chosen:
            self._model.send("/gesture/delete", self.chosen)

    def _show(self) -> None:
        self.record.setChecked(bool(self._recording))
        self.record.setText(f"Recording {self._recording}" if self._recording else "Record a gesture")
        chosen = self.chosen
        self.list.clear()
        self.list.addItems(self._model.lists.gestures)
        for n in range(self.list.count()):
            if self.list.item(n).text() == chosen:
                self.list.setCurrentRow(n)
        if self.list.currentRow() < 0 and self.list.count():
            self.list.setCurrentRow(self.list.count() - 1)
