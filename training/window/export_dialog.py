"""Asks for a release's names, its folder, and an engine to play it."""

from __future__ import annotations

from PySide6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QFormLayout, QLineEdit, QVBoxLayout, QWidget

from training.engine_link import DEFAULT_ENGINE
from training.window.look import caption, named
from training.window.workshop import Workshop


class ExportDialog(QDialog):
    """Asks for names and a folder, and exports the chosen model when accepted."""

    def __init__(self, workshop: Workshop, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workshop = workshop
        self.setWindowTitle("Export to the instrument")
        self.setMinimumWidth(460)
        scenario = workshop.scenario or {}
        choice = workshop.choice
        self.name = self._line("Name of the release", f"{choice.experiment}-{choice.scenario}")
        self.public_name = self._line("Public name", scenario.get("public_name") or choice.scenario)
        self.description = self._line(
            "Description", scenario.get("public_description") or scenario.get("description", "")
        )
        self.folder = self._line("Folder of releases", "the instrument's own")
        self.play = QCheckBox("Have a playing &engine change to it")
        self.engine = self._line("Address of the engine, HOST:PORT", DEFAULT_ENGINE)
        self.engine.setEnabled(False)
        self.play.toggled.connect(self.engine.setEnabled)
        form = QFormLayout()
        form.addRow(caption("What is left empty is as shown in grey."))
        for text, field in (
            ("&Name", self.name),
            ("&Public name", self.public_name),
            ("&Description", self.description),
            ("&Folder", self.folder),
            ("", self.play),
            ("En&gine", self.engine),
        ):
            form.addRow(text, field)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.button(QDialogButtonBox.StandardButton.Ok).setText("Export")
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(buttons)
        self.accepted.connect(self._export)

    def _line(self, name: str, usual: str) -> QLineEdit:
        return named(QLineEdit(placeholderText=usual), name)

    def _export(self) -> None:
        self._workshop.export(
            name=self.name.text().strip(),
            public_name=self.public_name.text().strip(),
            description=self.description.text().strip(),
            to=self.folder.text().strip(),
            engine=(self.engine.text().strip() or DEFAULT_ENGINE) if self.play.isChecked() else "",
        )
