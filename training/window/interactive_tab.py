"""Compares by eye and ear: an item, its reconstruction and a random code, side by side."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRandomGenerator
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QSpinBox, QVBoxLayout, QWidget

from training.window.formats import item_title
from training.window.look import GAP, caption, hinted, named
from training.window.segment_view import SegmentView
from training.window.workshop import Answer, Workshop


class InteractiveTab(QWidget):
    """Shows three pictures with their sounds."""

    def __init__(self, workshop: Workshop, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workshop = workshop
        self.item = named(QSpinBox(maximum=10**9), "Number of the held-out item")
        self.another = hinted(QPushButton("&Another item"), "A random held-out item")
        self.new = hinted(QPushButton("Ra&ndom code"), "Decode another code from where the data lie")
        self.text = caption(
            "An item that the chosen model has never seen, what it makes of it, and a random code, decoded."
        )
        self.views = {kind: SegmentView(kind.capitalize()) for kind in ("original", "reconstruction", "generated")}
        self._seed = 0
        self._lay_out()
        self.item.setKeyboardTracking(False)  # a number is asked for when it is whole
        self.item.valueChanged.connect(self.compare)
        self.another.clicked.connect(self._choose_randomly)
        self.new.clicked.connect(self.generate)

    def _lay_out(self) -> None:
        label = QLabel("Item n&umber")
        label.setBuddy(self.item)
        head = QHBoxLayout()
        head.setSpacing(GAP)
        for widget in (label, self.item, self.another, self.new):
            head.addWidget(widget)
        head.addWidget(self.text, 1)
        pictures = QHBoxLayout()
        pictures.setSpacing(GAP * 2)
        for view in self.views.values():
            pictures.addWidget(view, 1)
            view.play_requested.connect(self._workshop.player.play)
        layout = QVBoxLayout(self)
        layout.addLayout(head)
        layout.addLayout(pictures, 1)

    def compare(self) -> None:
        """Show the item whose number is set."""
        self.text.setText("Loading …")
        self._ask("compare", self._show, item=self.item.value())

    def generate(self) -> None:
        """Show a random code, decoded."""
        self._seed += 1
        self._ask("generate", self.views["generated"].show_exhibit, seed=self._seed)

    def _ask(self, action: str, done: Callable[[Answer], None], **parameters: int) -> None:
        choice, to = self._workshop.choice.as_dict(), str(self._workshop.scratch("interactive"))
        self._workshop.studio.ask(action, {"choice": choice, "to": to, **parameters}, done)

    def show_all(self) -> None:
        """Show all three; without a model say what is missing."""
        if not self._workshop.models:
            self.text.setText("This scenario has no model yet: train it first.")
            return
        self.compare()
        self.generate()

    def _choose_randomly(self) -> None:
        self.item.setValue(QRandomGenerator.global_().bounded(self.item.maximum() + 1))

    def _show(self, answer: Answer) -> None:
        self.item.setMaximum(answer["items"] - 1)
        for kind in ("original", "reconstruction"):
            self.views[kind].show_exhibit(answer[kind])
        self.text.setText(
            f"{item_title(answer['name'], answer['label'])}: mean squared error {answer['error']:.4g}. "
            f"{answer['model']}"
        )
