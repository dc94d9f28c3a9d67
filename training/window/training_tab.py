"""Shows a run while it trains: progress, rate, every loss, the newest reconstruction, and live export."""

from __future__ import annotations

from html import escape

from PySide6.QtCore import Qt
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import (
    QCheckBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from aitunes.errors import TrainingError
from aitunes.experiments.history import Row
from training.engine_link import engine_address
from training.fit.run_record import FAILED, STARTING
from training.window.curves import Curve, CurvesPlot
from training.window.figures import FigureRow
from training.window.formats import duration, figure, rate
from training.window.live_export import LiveExport
from training.window.look import GAP, SERIES, caption, named
from training.window.losses_table import LossesTable
from training.window.newest import NewestReconstruction
from training.window.runs import STAGES, Run, curve, parts_of
from training.window.workshop import Workshop

_STATES = {
    "starting": "Getting ready",
    "training": "Training",
    "done": "Done",
    "stopped": "Stopped",
    "failed": "Failed",
    "ended": "Ended",
}
_STEPS = 1_000


class TrainingTab(QWidget):
    """Shows the run that is followed."""

    def __init__(self, workshop: Workshop, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.live_export = LiveExport(workshop)
        self.title = QLabel("<b>No run yet.</b> Choose a scenario and press Train.")
        self.sentence = caption()
        self.sentence.setVisible(False)
        self.figures = FigureRow(("State", "Epoch", "Examples a second", "Time left", "Validation loss"))
        self.progress = QProgressBar(maximum=_STEPS, textVisible=False)
        self.progress.setFixedHeight(6)
        self.progress.setAccessibleName("Progress of the run")
        self.total = CurvesPlot("Loss: — training   ┄ validation", "Loss over the epochs")
        self.parts = CurvesPlot("Its parts, not weighted", "Parts of the loss over the epochs")
        self.losses = LossesTable()
        self.newest = NewestReconstruction(workshop)
        self.play_along = QCheckBox("Play &while training")
        self.play_along.setToolTip("At each checkpoint export the release, and have a playing engine change to it")
        self.engine = named(QLineEdit(self.live_export.engine), "Address of the engine, HOST:PORT")
        self.engine.setMaximumWidth(170)
        self.live_message = caption()
        self._lay_out()
        workshop.watcher.run_changed.connect(self._show_run)
        workshop.watcher.curves_changed.connect(self._show_curves)
        self.play_along.toggled.connect(self._switch)
        self.live_export.message.connect(self.live_message.setText)

    def _lay_out(self) -> None:
        plots = QSplitter(Qt.Orientation.Vertical)
        plots.addWidget(self.total)
        plots.addWidget(self.parts)
        side = QWidget()
        beside = QVBoxLayout(side)
        beside.setContentsMargins(0, 0, 0, 0)
        beside.addWidget(self.losses)
        beside.addWidget(self.newest, 1)
        columns = QSplitter(Qt.Orientation.Horizontal)
        columns.addWidget(plots)
        columns.addWidget(side)
        columns.setStretchFactor(0, 3)
        columns.setStretchFactor(1, 2)
        columns.setChildrenCollapsible(False)
        play = QHBoxLayout()
        play.addWidget(self.play_along)
        play.addWidget(self.engine)
        play.addWidget(self.live_message, 1)
        layout = QVBoxLayout(self)
        layout.setSpacing(GAP)
        for widget in (self.title, self.sentence, self.figures, self.progress):
            layout.addWidget(widget)
        layout.addWidget(columns, 1)
        layout.addLayout(play)

    def _show_run(self, run: Run | None) -> None:
        if run is None:
            return
        self.title.setText(f"<b>{escape(run.experiment)} {escape(run.scenario)}</b>&nbsp; {escape(str(run.folder))}")
        self.sentence.setText(run.sentence)
        self.sentence.setVisible(bool(run.sentence))
        role = QPalette.ColorRole.WindowText if run.state == FAILED else QPalette.ColorRole.PlaceholderText
        self.sentence.setForegroundRole(role)
        self.figures.set("State", _STATES[run.state])
        record = run.record
        if record is None:
            return
        waiting = run.state == STARTING
        self.progress.setMaximum(0 if waiting else _STEPS)  # with no end in sight it moves to and fro
        self.progress.setValue(round(_STEPS * (record.epoch + record.fraction) / max(1, record.epochs)))
        self.figures.set("Epoch", "–" if waiting or not record.epochs else f"{record.epoch} of {record.epochs}")
        self.figures.set("Examples a second", rate(record.examples_per_second))
        self.figures.set("Time left", duration(record.seconds_left) if run.is_live else "–")

    def _show_curves(self, rows: list[Row]) -> None:
        names = parts_of(rows)
        colours = {name: SERIES[n % len(SERIES)] for n, name in enumerate(names)}
        lines = {
            name: [Curve(f"{stage} {name}", *curve(rows, stage, name), colour, stage != "train") for stage in STAGES]
            for name, colour in colours.items()
        }
        self.total.show_curves(lines.pop("loss", []))
        self.parts.show_curves([line for pair in lines.values() for line in pair])
        self.losses.show_losses(rows[-1] if rows else {}, colours)
        self.figures.set("Validation loss", figure(rows[-1].get("validation/loss") if rows else None))

    def _switch(self, on: bool) -> None:
        if on:
            try:
                engine_address(self.engine.text())
            except TrainingError as error:
                self.play_along.setChecked(False)
                self.live_message.setText(str(error))
                return
        self.live_export.engine = self.engine.text().strip()
        self.engine.setEnabled(not on)
        self.live_export.switch(on)
