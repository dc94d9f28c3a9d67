"""Lays out the window: the choice on the left, runs and results on the right."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QLabel, QMainWindow, QPushButton, QScrollArea, QSplitter, QTabWidget
from typing_extensions import override

from training.window.choice_panel import ChoicePanel
from training.window.closing import may_close
from training.window.evaluation_tab import EvaluationTab
from training.window.export_dialog import ExportDialog
from training.window.instrument_maker import FolderDrop, InstrumentMaker
from training.window.interactive_tab import InteractiveTab
from training.window.latent_tab import LatentTab
from training.window.look import hinted
from training.window.runs_tab import RunsTab
from training.window.training_tab import TrainingTab
from training.window.workshop import Answer, Workshop

_PANEL_WIDTH = 330
_MIN_SIZE = 880, 560
_BUSY = {
    "evaluate": "Evaluating …",
    "latent": "Encoding the data …",
    "export": "Exporting; this takes a minute or so …",
}


class MainWindow(QMainWindow):
    """Shows the panel and the tabs of the trainer's window.

    Args:
        workshop: does the work; this window closes it.
    """

    def __init__(self, workshop: Workshop) -> None:
        super().__init__()
        self.workshop = workshop
        self.setWindowTitle("AiTunes: training")
        self.setMinimumSize(*_MIN_SIZE)
        self.resize(1280, 800)
        self.panel = ChoicePanel(workshop)
        self.training, self.runs = TrainingTab(workshop), RunsTab(workshop)
        self.evaluation, self.latent = EvaluationTab(workshop), LatentTab(workshop)
        self.interactive = InteractiveTab(workshop)
        self.tabs = QTabWidget(documentMode=True)
        self.tabs.tabBar().setDrawBase(False)
        for name, tab in (
            ("Training", self.training),
            ("Runs", self.runs),
            ("Evaluation", self.evaluation),
            ("Latent space", self.latent),
            ("Side by side", self.interactive),
        ):
            self.tabs.addTab(tab, name)
        self.make_button = hinted(
            QPushButton("Make an instrument &from a folder …"), "Of a folder of sounds, in minutes; or drop one"
        )
        self.tabs.setCornerWidget(self.make_button)
        self._drop = FolderDrop(self)
        self._busy = QLabel()
        self.statusBar().addPermanentWidget(self._busy)
        self._lay_out()
        self._connect()

    def _lay_out(self) -> None:
        scroll = QScrollArea(widgetResizable=True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        scroll.setWidget(self.panel)
        scroll.setMinimumWidth(_PANEL_WIDTH)
        columns = QSplitter(Qt.Orientation.Horizontal)
        columns.addWidget(scroll)
        columns.addWidget(self.tabs)
        columns.setStretchFactor(1, 1)
        columns.setSizes([_PANEL_WIDTH, 950])
        columns.setChildrenCollapsible(False)
        self.setCentralWidget(columns)

    def _connect(self) -> None:
        workshop = self.workshop
        actions = {
            "train": self._train,
            "stop": workshop.stop_training,
            "evaluate": self._evaluate,
            "latent": self._encode,
            "export": self._export,
        }
        self.make_button.clicked.connect(lambda: self.make_instrument())
        self._drop.dropped.connect(self.make_instrument)
        self.panel.requested.connect(lambda name: actions[name]())
        workshop.message.connect(lambda sentence: self.statusBar().showMessage(sentence, 20_000))
        workshop.busy_changed.connect(lambda action: self._busy.setText(_BUSY.get(action, "")))
        workshop.exported.connect(self._show_export)
        self.tabs.currentChanged.connect(self._show_tab)
        for keys, action in (("Ctrl+Return", self._train), ("Ctrl+E", self._evaluate), ("Ctrl+Q", self.close)):
            QShortcut(QKeySequence(keys), self).activated.connect(action)
        for n in range(self.tabs.count()):
            QShortcut(QKeySequence(f"Ctrl+{n + 1}"), self).activated.connect(partial(self.tabs.setCurrentIndex, n))

    def make_instrument(self, folder: Path | None = None) -> InstrumentMaker:
        """Open the window that learns a folder of sounds; a folder that was dropped is learnt at once."""
        maker = InstrumentMaker(folder, self)
        maker.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        maker.show()
        if folder is not None:
            maker.make()
        return maker

    def _train(self) -> None:
        self.tabs.setCurrentWidget(self.training)
        self.workshop.train()

    def _evaluate(self) -> None:
        self.tabs.setCurrentWidget(self.evaluation)
        self.workshop.evaluate()

    def _encode(self) -> None:
        self.tabs.setCurrentWidget(self.latent)
        self.workshop.encode()

    def _export(self) -> None:
        ExportDialog(self.workshop, self).open()

    def _show_export(self, answer: Answer) -> None:
        self.statusBar().showMessage(f"{answer['folder']} is ready: aitunes play --release {answer['release']}")

    def _show_tab(self) -> None:
        if self.tabs.currentWidget() is self.interactive:
            self.interactive.show_all()

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        self.workshop.watcher.refresh()
        if not may_close(self.workshop.watcher.runs, self):
            event.ignore()
            return
        self.workshop.close()
        event.accept()
