"""Eight snapshots on the number keys, and the time a morph takes."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from instrument.pad import theme
from instrument.pad.model import EngineModel
from instrument.pad.widgets.fader import Fader

SLOTS = 8
MAX_MORPH_SECONDS = 60.0


class SnapshotBar(QWidget):
    """A button a snapshot. They are kept by the engine under the release's name and their number."""

    recalled = Signal()
    """The performer wants to go to a snapshot."""

    def __init__(self, model: EngineModel) -> None:
        super().__init__()
        self._model = model
        self.buttons: list[QPushButton] = []
        self.morph = Fader("Morph", 0.0, MAX_MORPH_SECONDS, 1.0, lambda value: f"{value:.1f} s", 3.0)
        self.morph.show_value(1.0)
        layout = theme.row(self, 0.35)
        for n in range(SLOTS):
            layout.addWidget(self._button(n), 1)
        layout.addWidget(self.morph, 2)
        model.lists.changed.connect(lambda kind: self._show() if kind == "snapshot" else None)
        model.release_changed.connect(self._show)
        model.acted.connect(self._hear)
        self._show()

    def _button(self, n: int) -> QPushButton:
        button = QPushButton(f"{n + 1}")
        button.clicked.connect(lambda: self.recall(n))
        button.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        button.customContextMenuRequested.connect(lambda place: self._menu(n, place))
        self.buttons.append(button)
        return button

    def name(self, n: int) -> str:
        """What the engine calls a slot of the playing release."""
        release = self._model.card.name if self._model.card else ""
        return f"{release} {n + 1}"

    def filled(self, n: int) -> bool:
        """Whether there is a snapshot in a slot."""
        return self.name(n) in self._model.lists.snapshots

    def recall(self, n: int) -> None:
        """Morph to a slot, or keep the present sound in an empty one."""
        if self.filled(n):
            self.recalled.emit()
            self._model.send("/snapshot/recall", self.name(n), float(self.morph.number))
        else:
            self.keep(n)

    def keep(self, n: int) -> None:
        """Keep the present sound in a slot."""
        self._model.send("/snapshot/save", self.name(n))

    def clear(self, n: int) -> None:
        """Empty a slot."""
        self._model.send("/snapshot/delete", self.name(n))

    def _hear(self, act: str, arguments: list[Any]) -> None:
        names = [self.name(n) for n in range(SLOTS)]
        if act == "/snapshot/save" and arguments[0] in names:
            self._model.told.emit(f"Snapshot {names.index(arguments[0]) + 1} holds the present sound.")

    def _menu(self, n: int, place: QPoint) -> None:
        menu = QMenu(self)
        menu.addAction(f"Keep the present sound in {n + 1}", lambda: self.keep(n))
        if self.filled(n):
            menu.addAction(f"Morph to {n + 1}", lambda: self.recall(n))
            menu.addAction(f"Empty {n + 1}", lambda: self.clear(n))
        menu.popup(self.buttons[n].mapToGlobal(place))

    def _show(self) -> None:
        for n, button in enumerate(self.buttons):
            filled = self.filled(n)
            button.setText(f"{n + 1}  ●" if filled else f"{n + 1}  ○")
            button.setAccessibleName(f"Snapshot {n + 1}, {'filled' if filled else 'empty'}")
            button.setToolTip(
                f"Morph to snapshot {n + 1} (key {n + 1}); Ctrl+{n + 1} keeps the present sound in it"
                if filled
                else f"Keep the present sound here (key {n + 1} or Ctrl+{n + 1})"
            )
