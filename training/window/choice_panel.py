"""Shows the left of the window: what is chosen, and the buttons of all actions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QFormLayout,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from training.window.choice import Choice
from training.window.formats import count, moment
from training.window.look import GAP, caption, hinted, make_primary, named
from training.window.runs import Run
from training.window.workshop import Answer, Workshop

_MAX_NUMBER = 1_000_000_000
_NO_MODEL = "Latest / New"


class ChoicePanel(QWidget):
    """Shows experiment, scenario, model, options, actions.

    Signals:
        requested: "train", "stop", "evaluate", "latent" or "export", the action of a button.
    """

    requested = Signal(str)

    def __init__(self, workshop: Workshop, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workshop = workshop
        self.experiment, self.scenario, self.model = (self._list(name) for name in ("Experiment", "Scenario", "Model"))
        self.experiment_text = caption("Loading the experiments …")
        self.scenario_text, self.sizes = caption(), caption()
        self.data_dir = named(
            QLineEdit(placeholderText="choose a folder"),
            "Folder of the data",
            "Of your audio, or of a published data set; left empty it is AITUNES_DATA, if that is set",
        )
        self.epochs = self._number("Epochs", "the scenario's")
        self.save_every = self._number("Checkpoint period in epochs", "the last one only")
        self.limit_items = self._number("Limit items", "all")
        self.seed = self._number("Seed", "")
        self.train_button = self._action("&Train", "train", "Train in a process of its own (Ctrl+Return)")
        make_primary(self.train_button)
        self.stop_button = self._action("&Stop", "stop", "End the run that is shown; its last checkpoint is kept")
        self.evaluate_button = self._action("E&valuate", "evaluate", "Figures, pictures and sounds on held-out items")
        self.latent_button = self._action("&Latent space", "latent", "The codes of the data, and the use of dimensions")
        self.copy_button = hinted(QPushButton("Copy P&ython code"), "Copy the code that repeats this choice")
        self._lay_out()
        self._connect()
        self.setEnabled(False)

    def _list(self, name: str) -> QComboBox:
        box = named(QComboBox(), name)
        box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        box.setMinimumContentsLength(12)
        box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        return box

    def _number(self, name: str, zero: str) -> QSpinBox:
        box = named(QSpinBox(maximum=_MAX_NUMBER), name)
        box.setSpecialValueText(zero)
        box.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        box.setMinimumWidth(80)  # the longest number shall not widen the panel
        return box

    def _action(self, text: str, name: str, tip: str) -> QPushButton:
        button = hinted(QPushButton(text), tip)
        button.clicked.connect(lambda: self.requested.emit(name))
        return button

    def _lay_out(self) -> None:
        browse = named(QPushButton("…"), "Choose the folder of the data", "Choose the folder")
        browse.setFixedWidth(32)
        browse.clicked.connect(self._browse)
        folder = QHBoxLayout()
        folder.addWidget(self.data_dir, 1)
        folder.addWidget(browse)
        form = QFormLayout(fieldGrowthPolicy=QFormLayout.FieldGrowthPolicy.ExpandingFieldsGrow)
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(GAP)
        form.addRow("E&xperiment", self.experiment)
        form.addRow(self.experiment_text)
        form.addRow("S&cenario", self.scenario)
        form.addRow(self.scenario_text)
        form.addRow(self.sizes)
        form.addRow("&Model", self.model)
        form.addRow(field_label("&Data", self.data_dir), folder)
        form.addRow("E&pochs", self.epochs)
        form.addRow("Chec&kpoint every", self.save_every)
        form.addRow("Limit &items", self.limit_items)
        form.addRow("S&eed", self.seed)
        buttons = QGridLayout()
        buttons.setSpacing(GAP)
        others = (
            self.evaluate_button,
            self.latent_button,
            self.copy_button,
            self._action("Exp&ort …", "export", "A release that the instrument plays"),
        )
        for n, button in enumerate((self.train_button, self.stop_button, *others)):
            buttons.addWidget(button, n // 2, n % 2)
        layout = QVBoxLayout(self)
        layout.setSpacing(GAP * 2)
        layout.addLayout(form)
        layout.addLayout(buttons)
        layout.addStretch(1)

    def _connect(self) -> None:
        workshop = self._workshop
        workshop.catalogue_changed.connect(self._show_catalogue)
        workshop.choice_changed.connect(self._show_choice)
        workshop.details_changed.connect(self._show_details)
        workshop.models_changed.connect(self._show_models)
        workshop.watcher.run_changed.connect(self._show_run)
        self.experiment.activated.connect(lambda n: workshop.choose_experiment(self.experiment.itemData(n)))
        self.scenario.activated.connect(lambda n: workshop.choose_scenario(self.scenario.itemData(n)))
        self.model.activated.connect(lambda n: workshop.set_options(model=self.model.itemData(n)))
        self.data_dir.textChanged.connect(lambda text: workshop.set_options(data_dir=text.strip()))
        self.copy_button.clicked.connect(lambda: workshop.code(self._copy))
        for name in ("epochs", "save_every", "limit_items", "seed"):
            getattr(self, name).valueChanged.connect(lambda value, name=name: workshop.set_options(**{name: value}))

    def _show_catalogue(self, experiments: list[Answer]) -> None:
        self.setEnabled(True)
        self.experiment.clear()
        for entry in experiments:
            self.experiment.addItem(entry["name"], entry["name"])

    def _show_choice(self, choice: Choice) -> None:
        experiment, scenario = self._workshop.experiment, self._workshop.scenario
        if experiment is None or scenario is None:
            return
        self.experiment.setCurrentIndex(self.experiment.findData(choice.experiment))
        names = [entry["name"] for entry in experiment["scenarios"]]
        if names != [self.scenario.itemData(n) for n in range(self.scenario.count())]:
            self.scenario.clear()
            for entry in experiment["scenarios"]:
                public = f"  “{entry['public_name']}”" if entry["public_name"] else ""
                self.scenario.addItem(entry["name"] + public, entry["name"])
        self.scenario.setCurrentIndex(self.scenario.findData(choice.scenario))
        self.experiment_text.setText(_sentence(experiment["description"]) + f" Licence: {experiment['licence']}.")
        public = f" {scenario['public_description']}" if scenario["public_description"] else ""
        self.scenario_text.setText(_sentence(scenario["description"]) + public)
        self._show_values(choice)

    def _show_values(self, choice: Choice) -> None:
        self.model.setCurrentIndex(max(0, self.model.findData(choice.model)))
        for name in ("epochs", "save_every", "limit_items", "seed"):
            field = getattr(self, name)
            with QSignalBlocker(field):
                field.setValue(getattr(choice, name))
        if self.data_dir.text().strip() != choice.data_dir:
            with QSignalBlocker(self.data_dir):
                self.data_dir.setText(choice.data_dir)

    def _show_details(self, details: dict[str, Any]) -> None:
        if not details:
            self.sizes.setText("…")
            return
        shape = " × ".join(map(str, details["shape"]))
        self.sizes.setText(
            f"{count(details['parameters'])} weights, {details['latent_dim']} latent dimensions, segments of {shape}, "
            f"{details['batch_size']} a batch"
        )
        self.epochs.setSpecialValueText(f"the scenario's {details['epochs']}")

    def _show_models(self, models: list[Answer]) -> None:
        self.model.clear()
        self.model.addItem(_NO_MODEL, "")
        for model in models:
            path = Path(model["path"])
            run = "" if path.parent.name == self._workshop.choice.scenario else f" of {path.parent.name}"
            self.model.addItem(
                f"{path.stem}{run}, {model['bytes'] / 1e6:.1f} MB, {moment(model['modified'])}", model["path"]
            )
        self.model.setCurrentIndex(max(0, self.model.findData(self._workshop.choice.model)))

    def _show_run(self, run: Run | None) -> None:
        self.stop_button.setEnabled(run is not None and run.is_live)

    def _browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, "Folder of the data", self.data_dir.text())
        if folder:
            self.data_dir.setText(folder)

    def _copy(self, code: str) -> None:
        QGuiApplication.clipboard().setText(code)
        self._workshop.message.emit("The Python code of this choice is in the clipboard.")


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."


def field_label(text: str, buddy: QWidget) -> QLabel:
    """Make a label whose mnemonic leads to a field."""
    label = QLabel(text)
    label.setBuddy(buddy)
    return label
