"""Shows the list of runs, and the curves of one or two of them."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import QItemSelectionModel, Qt
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QSplitter,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from training.window.curves import Curve, CurvesPlot
from training.window.formats import moment
from training.window.look import GAP, SERIES, caption, hinted, named, plain_table
from training.window.runs import STAGES, Run, curve, parts_of, read_curves
from training.window.workshop import Workshop

_COLUMNS = ("Began", "Experiment", "Scenario", "State", "Epochs", "Checkpoints", "Folder")
_COMPARED = 2
_STRETCHED = len(_COLUMNS) - 1


class RunsTab(QWidget):
    """Shows a table of runs above the curves of those that are selected."""

    def __init__(self, workshop: Workshop, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workshop = workshop
        self._runs: list[Run] = []
        self.table = self._make_table()
        self.part = named(QComboBox(), "Loss that is shown")
        self.plot = CurvesPlot("", "Losses of the selected runs over the epochs", legend=True)
        self.choose_button = hinted(QPushButton("Use this &run"), "Choose its scenario and model, and show it")
        self.choose_button.setEnabled(False)
        self._lay_out()
        workshop.watcher.runs_changed.connect(self._show_runs)
        workshop.watcher.curves_changed.connect(self._show_curves)
        self.table.itemSelectionChanged.connect(self._show_curves)
        self.part.activated.connect(self._show_curves)
        self.choose_button.clicked.connect(self._choose)
        self.table.doubleClicked.connect(self._choose)

    def _make_table(self) -> QTableWidget:
        table = plain_table(_COLUMNS, "Runs, the latest first")
        table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        table.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        table.horizontalHeader().setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        table.horizontalHeader().setSectionResizeMode(_STRETCHED, QHeaderView.ResizeMode.Stretch)
        table.setWordWrap(False)
        table.setTextElideMode(Qt.TextElideMode.ElideMiddle)  # a folder's name ends with what tells it from others
        return table

    def _lay_out(self) -> None:
        bar = QHBoxLayout()
        bar.addWidget(QLabel("Loss"))
        bar.addWidget(self.part)
        bar.addWidget(caption("Select two runs (Ctrl or Shift) to lay one over the other: — training, ┄ validation"), 1)
        bar.addWidget(self.choose_button)
        below = QWidget()
        curves = QVBoxLayout(below)
        curves.setContentsMargins(0, GAP, 0, 0)
        curves.addLayout(bar)
        curves.addWidget(self.plot, 1)
        rows_above_curves = QSplitter(Qt.Orientation.Vertical)
        rows_above_curves.addWidget(self.table)
        rows_above_curves.addWidget(below)
        rows_above_curves.setStretchFactor(0, 2)
        rows_above_curves.setStretchFactor(1, 3)
        layout = QVBoxLayout(self)
        layout.addWidget(rows_above_curves)

    @property
    def selected(self) -> list[Run]:
        """The runs that are selected, two at most."""
        rows = sorted({index.row() for index in self.table.selectedIndexes()})
        return [self._runs[row] for row in rows if row < len(self._runs)][:_COMPARED]

    def select(self, *rows: int) -> None:
        """Select rows, and no others."""
        self.table.clearSelection()
        flags = QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows
        for row in rows:
            self.table.selectionModel().select(self.table.model().index(row, 0), flags)

    def _show_runs(self, runs: list[Run]) -> None:
        kept = {run.folder for run in self.selected} or {run.folder for run in runs[:1]}
        self._runs = runs
        self.table.blockSignals(True)
        self.table.setRowCount(len(runs))
        for row, run in enumerate(runs):
            for column, text in enumerate(_texts(run)):
                item = QTableWidgetItem(text)
                item.setToolTip(f"<p>{escape(run.sentence or str(run.folder))}</p>")
                self.table.setItem(row, column, item)
        self.select(*(row for row, run in enumerate(runs) if run.folder in kept))
        self.table.blockSignals(False)
        self._show_curves()

    def _show_curves(self) -> None:
        runs = self.selected
        self.choose_button.setEnabled(len(runs) == 1)
        if not self.isVisible():
            return
        histories = [read_curves(run) for run in runs]
        names = list(dict.fromkeys(name for rows in histories for name in parts_of(rows)))
        if names != [self.part.itemText(n) for n in range(self.part.count())]:
            before = self.part.currentText()
            self.part.clear()
            self.part.addItems(names)
            self.part.setCurrentText(before if before in names else "loss")
        part = self.part.currentText()
        self.plot.show_curves(
            [
                Curve(escape(f"{run.title}, {stage}"), *curve(rows, stage, part), SERIES[n], stage != "train")
                for n, (run, rows) in enumerate(zip(runs, histories, strict=True))
                for stage in STAGES
            ]
        )

    @override
    def showEvent(self, event: QShowEvent) -> None:
        """Draw what was left out while nobody looked."""
        self._show_curves()

    def _choose(self) -> None:
        if self.selected:
            self._workshop.choose_run(self.selected[0])


def _texts(run: Run) -> tuple[str, ...]:
    record = run.record
    epochs = f"{record.epoch} of {record.epochs}" if record and record.epochs else "–"
    return moment(run.began), run.experiment, run.scenario, run.state, epochs, str(run.checkpoints), str(run.folder)
