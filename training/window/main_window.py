"""Lays out the window: the choice on the left, runs and results on the right."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QLabel, QMainWindow, QScrollArea, QSplitter, QTabWidget
from typing_extensions import override

from training.window.choice_panel import ChoicePanel
from training.window.closing import may_close
from training.window.evaluation_tab import EvaluationTab
from training.window.export_dialog import ExportDialog
from training.window.interactive_tab import InteractiveTab
from training.window.latent_tab import LatentTab
from training.window.runs_tab import RunsTab
from training.window.training_tab import TrainingTab
from training.window.workshop import Answer, Workshop

_PANEL_WIDTH = 330
_SMALLEST = 880, 560
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
        self.setMinimumSize(*_SMALLEST)
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
        both = QSplitter(Qt.Orientation.Horizontal)
        both.addWidget(scroll)
        both.addWidget(self.tabs)
        both.setStretchFactor(1, 1)
        both.setSizes([_PANEL_WIDTH, 950])
        both.setChildrenCollapsible(False)
        self.setCentralWidget(both)

    def _connect(self) -> None:
        workshop = self.workshop
        actions = {
            "train": self._train,
            "stop": workshop.stop_training,
            "evaluate": self._evaluate,
            "latent": self._look_at_latent,
            "export": self._export,
        }
        self.panel.wanted.connect(lambda name: actions[name]())
        workshop.said.connect(lambda sentence: self.statusBar().showMessage(sentence, 20_000))
        workshop.busy_changed.connect(lambda action: self._busy.setText(_BUSY.get(action, "")))
        workshop.exported.connect(self._tell_export)
        self.tabs.currentChanged.connect(self._tab_shown)
        for keys, act in (("Ctrl+Return", self._train), ("Ctrl+E", self._evaluate), ("Ctrl+Q", self.close)):
            QShortcut(QKeySequence(keys), self).activated.connect(act)
        for n in range(self.tabs.count()):
            QShortcut(QKeySequence(f"Ctrl+{n + 1}"), self).activated.connect(partial(self.tabs.setCurrentIndex, n))

    def _train(self) -> None:
        self.tabs.setCurrentWidget(self.training)
        self.workshop.train()

    def _evaluate(self) -> None:
        self.tabs.setCurrentWidget(self.evaluation)
        self.workshop.evaluate()

    def _look_at_latent(self) -> None:
        self.tabs.setCurrentWidget(self.latent)
        self.workshop.look_at_latent()

    def _export(self) -> None:
        ExportDialog(self.workshop, self).open()

    def _tell_export(self, found: Answer) -> None:
        self.statusBar().showMessage(f"{found['folder']} is ready: aitunes play --release {found['release']}")

    def _tab_shown(self) -> None:
        if self.tabs.currentWidget() is self.interactive:
            self.interactive.begin()

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        self.workshop.watcher.look_around()
        if not may_close(self.workshop.watcher.runs, self):
            event.ignore()
            return
        self.workshop.close()
        event.accept()
