"""Saves and recalls eight snapshots, which are also on the number keys."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtWidgets import QMenu, QPushButton, QWidget

from instrument.pad import theme
from instrument.pad.model import EngineModel
from instrument.pad.preferences import MAX_MORPH_SECONDS
from instrument.pad.widgets.fader import Fader

SLOTS = 8


class SnapshotBar(QWidget):
    """Shows a button for each snapshot; the engine stores them under the release's name and their number.

    Args:
        model: sends the commands.
    """

    recalled = Signal()
    """A snapshot is about to be recalled."""

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
        model.command_done.connect(self._handle)
        self._show()

    def _button(self, n: int) -> QPushButton:
        button = QPushButton(f"{n + 1}")
        button.clicked.connect(lambda: self.recall(n))
        button.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        button.customContextMenuRequested.connect(lambda pixel: self._open_menu(n, pixel))
        self.buttons.append(button)
        return button

    def name(self, n: int) -> str:
        """Return the engine's name for a slot of the playing release."""
        release = self._model.card.name if self._model.card else ""
        return f"{release} {n + 1}"

    def filled(self, n: int) -> bool:
        """Return true for a slot that holds a snapshot."""
        return self.name(n) in self._model.lists.snapshots

    def recall(self, n: int) -> None:
        """Morph to a slot's snapshot, or save the present sound in an empty slot."""
        if self.filled(n):
            self.recalled.emit()
            self._model.send("/snapshot/recall", self.name(n), float(self.morph.number))
        else:
            self.save(n)

    def save(self, n: int) -> None:
        """Save the present sound in a slot."""
        self._model.send("/snapshot/save", self.name(n))

    def clear(self, n: int) -> None:
        """Empty a slot."""
        self._model.send("/snapshot/delete", self.name(n))

    def _handle(self, command: str, arguments: list[Any]) -> None:
        names = [self.name(n) for n in range(SLOTS)]
        if command == "/snapshot/save" and arguments[0] in names:
            self._model.message.emit(f"Snapshot {names.index(arguments[0]) + 1} holds the present sound.")

    def _open_menu(self, n: int, pixel: QPoint) -> None:
        menu = QMenu(self)
        menu.addAction(f"Save the present sound in {n + 1}", lambda: self.save(n))
        if self.filled(n):
            menu.addAction(f"Morph to {n + 1}", lambda: self.recall(n))
            menu.addAction(f"Clear {n + 1}", lambda: self.clear(n))
        menu.popup(self.buttons[n].mapToGlobal(pixel))

    def _show(self) -> None:
        for n, button in enumerate(self.buttons):
            filled = self.filled(n)
            button.setText(f"{n + 1}  ●" if filled else f"{n + 1}  ○")
            button.setAccessibleName(f"Snapshot {n + 1}, {'filled' if filled else 'empty'}")
            button.setToolTip(
                f"Morph to snapshot {n + 1} (key {n + 1}); Ctrl+{n + 1} saves the present sound in it"
                if filled
                else f"Save the present sound here (key {n + 1} or Ctrl+{n + 1})"
            )
