"""Shows the newest reconstruction of a run: a held-out item, and its reconstruction by the last checkpoint."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from PySide6.QtWidgets import QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from training.window.formats import item_title
from training.window.look import GAP, caption, named
from training.window.runs import Run
from training.window.segment_view import SegmentView
from training.window.workshop import Answer, Workshop

_BEFORE = "A held-out item, as soon as there is a checkpoint."


class NewestReconstruction(QWidget):
    """Follows the checkpoints of the run that is followed; an item's number chooses what is shown."""

    def __init__(self, workshop: Workshop, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workshop = workshop
        self._run: Run | None = None
        self.original, self.reconstruction = SegmentView("Original"), SegmentView("Newest reconstruction")
        self.item = named(QSpinBox(maximum=10**9, prefix="item "), "Number of the held-out item")
        self.text = caption(_BEFORE)
        head = QHBoxLayout()
        head.addWidget(self.item)
        head.addWidget(self.text, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP)
        layout.addLayout(head)
        for view in (self.original, self.reconstruction):
            layout.addWidget(view, 1)
            view.play_requested.connect(workshop.player.play)
        self._waiting = False
        self.item.setKeyboardTracking(False)
        workshop.watcher.run_changed.connect(self._run_changed)
        workshop.watcher.checkpoint_written.connect(self._follow)
        self.item.valueChanged.connect(self._ask)

    def _run_changed(self, run: Run) -> None:
        if self._run is not None and run.folder != self._run.folder:
            self._run = None
            self.text.setText(_BEFORE)
            for view in (self.original, self.reconstruction):
                view.clear()

    def _follow(self, run: Run) -> None:
        self._run = run
        if self.text.text() == _BEFORE:
            self.text.setText("The newest checkpoint is being encoded …")
        self._ask()

    def _ask(self) -> None:
        if self._run is None:
            return
        if self._workshop.studio.waits_for("compare"):
            self._waiting = True
            return
        self._waiting = False
        choice = replace(self._workshop.choice_of(self._run), model=str(self._run.folder / "last.ckpt"))
        parameters = {
            "choice": choice.as_dict(),
            "item": self.item.value(),
            "to": str(self._workshop.scratch("newest")),
        }
        self._workshop.studio.ask("compare", parameters, self._show, self._failed)

    def _show(self, answer: Answer) -> None:
        self._continue()
        if self._run is None or not Path(answer["model"]).is_relative_to(self._run.folder):
            return  # of a run that was followed before
        self.item.setMaximum(answer["items"] - 1)
        self.original.show_exhibit(answer["original"])
        self.reconstruction.show_exhibit(answer["reconstruction"])
        self.text.setText(
            f"{item_title(answer['name'], answer['label'])}, epoch {answer['epochs']}, error {answer['error']:.4g}"
        )

    def _failed(self, sentence: str) -> None:
        self.text.setText(sentence)
        self._continue()

    def _continue(self) -> None:
        if self._waiting:
            self._ask()
