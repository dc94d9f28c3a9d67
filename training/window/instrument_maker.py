"""Makes an instrument of a folder: runs `aitunes-train learn` in a process of its own, and shows what it tells."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QObject, QProcess, QProcessEnvironment, Qt, Signal
from PySide6.QtGui import QCloseEvent, QDropEvent
from PySide6.QtWidgets import (
    QDialog,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)
from typing_extensions import override

from aitunes.release.processes import own_process
from training.engine_link import DEFAULT_ENGINE
from training.learn.command import MINUTES
from training.window.look import GAP, make_primary, named

_STEPS = 1_000
_SIZE = 560, 420
_MAX_MINUTES = 10_000.0
_ENDING_MS = 5_000


class InstrumentMaker(QDialog):
    """Chooses a folder, learns it, and keeps what is best when it is stopped.

    Args:
        folder: to begin with.
        command: the program and its words before the folder; None takes this Python's `training.cli`.
    """

    made = Signal(str)
    """The name of a release that was installed."""

    def __init__(
        self, folder: Path | None = None, parent: QWidget | None = None, command: Sequence[str] | None = None
    ) -> None:
        super().__init__(parent)
        own, variables = own_process("training.cli", one_thread=False)
        self._command = list(command or own)
        self._environment = QProcessEnvironment()
        for name, value in variables.items():
            self._environment.insert(name, value)
        self._process: QProcess | None = None
        self.setWindowTitle("Make an instrument")
        self.setWindowFlag(Qt.WindowType.WindowMinMaxButtonsHint)
        self.folder = named(QLineEdit(str(folder or ""), placeholderText="of your sounds"), "Folder of your sounds")
        self.minutes = named(QDoubleSpinBox(minimum=0.5, maximum=_MAX_MINUTES, decimals=1), "Minutes")
        self.minutes.setValue(MINUTES)
        self.engine = named(QLineEdit(DEFAULT_ENGINE), "Address of the engine, HOST:PORT; empty leaves it alone")
        self.start = QPushButton("&Make")
        make_primary(self.start)
        self.stop = QPushButton("&Stop and keep the best")
        self.stage = QLabel("Choose a folder, or drop one here.")
        self.progress = named(QProgressBar(maximum=_STEPS, textVisible=False), "How far it is")
        self.said = named(QPlainTextEdit(readOnly=True), "What was found, and what came of it")
        self._lay_out()
        self.start.clicked.connect(self.make)
        self.stop.clicked.connect(self.stop_early)
        self.folder.textChanged.connect(self._refresh)
        self._drop = FolderDrop(self)
        self._drop.dropped.connect(lambda path: self.folder.setText(str(path)))
        self._refresh()

    def _lay_out(self) -> None:
        browse = named(QPushButton("…"), "Choose the folder of your sounds")
        browse.setFixedWidth(32)
        browse.setAutoDefault(False)
        browse.clicked.connect(self._browse)
        line = QHBoxLayout()
        line.addWidget(self.folder, 1)
        line.addWidget(browse)
        form = QFormLayout(fieldGrowthPolicy=QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        label = QLabel("&Folder")
        label.setBuddy(self.folder)
        form.addRow(label, line)
        form.addRow("M&inutes", self.minutes)
        form.addRow("&Engine", self.engine)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.stop)
        buttons.addWidget(self.start)
        layout = QVBoxLayout(self)
        layout.setSpacing(GAP)
        layout.addLayout(form)
        for widget in (self.stage, self.progress):
            layout.addWidget(widget)
        layout.addWidget(self.said, 1)
        layout.addLayout(buttons)
        self.resize(*_SIZE)

    @property
    def busy(self) -> bool:
        """Return true while a folder is being learnt."""
        return self._process is not None

    def make(self) -> None:
        """Start to learn the folder."""
        if self.busy or not self.folder.text().strip():
            return
        engine = self.engine.text().strip()
        words = ["learn", self.folder.text().strip(), "--json-progress", "--minutes", f"{self.minutes.value():g}"]
        words += ["--connect", engine] if engine else ["--no-play"]
        process = self._process = QProcess(self)
        process.setProcessEnvironment(self._environment)
        process.readyReadStandardOutput.connect(self._read)
        process.finished.connect(self._end)
        process.errorOccurred.connect(self._fail_to_start)
        self.said.clear()
        self.progress.setValue(0)
        self.stage.setText("Looking at the folder …")
        process.start(self._command[0], [*self._command[1:], *words])
        self._refresh()

    def stop_early(self) -> None:
        """Have it stop; the best version so far is kept."""
        if self._process is not None:
            self.stage.setText("Stopping; the best so far is kept …")
            self._process.write(b"stop\n")

    @override
    def closeEvent(self, event: QCloseEvent) -> None:
        self.end()
        super().closeEvent(event)

    @override
    def reject(self) -> None:
        self.end()
        super().reject()

    def end(self) -> None:
        """End the process; the last version that was installed stays."""
        process, self._process = self._process, None
        if process is not None:
            process.disconnect(self)
            process.terminate()
            if not process.waitForFinished(_ENDING_MS):
                process.kill()
                process.waitForFinished(_ENDING_MS)
            self._refresh()

    def _refresh(self) -> None:
        self.start.setEnabled(not self.busy and bool(self.folder.text().strip()))
        self.stop.setEnabled(self.busy)
        for field in (self.folder, self.minutes, self.engine):
            field.setEnabled(not self.busy)

    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder of your sounds", self.folder.text())
        if folder:
            self.folder.setText(folder)

    def _read(self) -> None:
        while self._process is not None and self._process.canReadLine():
            try:
                line = json.loads(bytes(self._process.readLine().data()))
            except ValueError:
                continue  # a library's own words
            if isinstance(line, dict):
                self._show(line)

    def _show(self, line: dict[str, Any]) -> None:
        """Show one line of the process."""
        if "said" in line:
            self.said.appendPlainText(str(line["said"]))
        elif "failed" in line:
            self.said.appendPlainText(str(line["failed"]))
            self.stage.setText("It could not be made.")
        elif isinstance(progress := line.get("progress"), dict):
            self.progress.setValue(round(_STEPS * float(progress["share"])))
            left = round(float(progress["seconds_left"]))
            self.stage.setText(f"{str(progress['stage']).capitalize()}, {left // 60}:{left % 60:02d} left")
        elif isinstance(version := line.get("version"), dict):
            heard = "the engine plays it" if version["plays"] else "it can be played"
            when, distance = f"{version['seconds']:.0f} s", f"{version['held_db']:.2f} dB from unheard sound"
            self.said.appendPlainText(f"Version {version['number']} after {when}: {distance}; {heard}.")
            self.made.emit(str(version["release"]))
        elif isinstance(done := line.get("done"), dict):
            self.stage.setText(f"Done: {done['release']}")
            self.progress.setValue(_STEPS)

    def _fail_to_start(self, error: QProcess.ProcessError) -> None:
        if error is QProcess.ProcessError.FailedToStart:
            self.said.appendPlainText(f"{self._command[0]} cannot be started.")
            self._end()

    def _end(self) -> None:
        self._read()
        process, self._process = self._process, None
        if process is not None:
            errors = bytes(process.readAllStandardError().data()).decode(errors="replace").strip()
            if process.exitStatus() is QProcess.ExitStatus.CrashExit:
                self.said.appendPlainText(
                    "Its process was ended from outside; the last version that was installed stays."
                )
                self.stage.setText("It was ended.")
            elif process.exitCode() and errors:
                self.said.appendPlainText(errors.splitlines()[-1])
            process.deleteLater()
        self._refresh()


class FolderDrop(QObject):
    """Takes folders that are dropped on a widget."""

    dropped = Signal(Path)
    """A folder on this machine."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        widget.setAcceptDrops(True)
        widget.installEventFilter(self)

    @override
    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.DragEnter, QEvent.Type.Drop) and isinstance(event, QDropEvent):
            urls = event.mimeData().urls()
            folders = [path for path in (Path(url.toLocalFile()) for url in urls if url.isLocalFile()) if path.is_dir()]
            if folders:
                event.acceptProposedAction()
                if event.type() == QEvent.Type.Drop:
                    self.dropped.emit(folders[0])
                return True
        return super().eventFilter(watched, event)
