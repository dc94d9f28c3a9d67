"""Holds the window's model: the choice, its details, and the actions."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from aitunes.errors import TrainingError
from training.fit import run_record
from training.window.choice import Choice
from training.window.launcher import start_training
from training.window.player import Player
from training.window.run_watcher import RunWatcher
from training.window.runs import Run
from training.window.worker_client import WorkerClient

Answer = dict[str, Any]


class Workshop(QObject):
    """Holds the choice, and delegates all work: to two workers, to training processes, to the player.

    Lists and texts come from one worker; whatever needs a model and its data from another, which may take long.

    Signals:
        catalogue_changed: list of experiments with their scenarios.
        choice_changed: the new `Choice`.
        details_changed: sizes of the chosen scenario, {} while they are not known.
        models_changed: list of checkpoints.
        evaluated, encoded, exported: answers of the worker.
        message: a sentence for the status line.
        busy_changed: what takes long at the moment, or "".
    """

    catalogue_changed = Signal(list)
    choice_changed = Signal(object)
    details_changed = Signal(dict)
    models_changed = Signal(list)
    evaluated = Signal(dict)
    encoded = Signal(dict)
    exported = Signal(dict)
    message = Signal(str)
    busy_changed = Signal(str)

    def __init__(self, choice: Choice, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.choice = choice
        self.catalogue: list[Answer] = []
        self.models: list[Answer] = []
        self.lists, self.studio = WorkerClient(self), WorkerClient(self)
        self.watcher = RunWatcher(Path(choice.runs), self)
        self.player = Player(self)
        self._scratch = tempfile.TemporaryDirectory(prefix="aitunes-window-", ignore_cleanup_errors=True)
        for source in (self.lists, self.studio, self.player):
            source.message.connect(self.message)
        self.studio.busy_changed.connect(self.busy_changed)
        self.watcher.checkpoint_written.connect(self._refresh_models_of)

    def start(self) -> None:
        """Ask the worker for the catalogue, and look for runs."""
        self.lists.ask("catalogue", {}, self._take_catalogue)
        self.watcher.start()

    def close(self) -> None:
        """End the workers; runs go on."""
        self.watcher.stop()
        self.lists.close()
        self.studio.close()
        self._scratch.cleanup()

    def scratch(self, name: str) -> Path:
        """Return a folder for what is shown and not kept."""
        return Path(self._scratch.name) / name

    # The choice

    @property
    def experiment(self) -> Answer | None:
        """The catalogue's entry of the chosen experiment."""
        return next((entry for entry in self.catalogue if entry["name"] == self.choice.experiment), None)

    @property
    def scenario(self) -> Answer | None:
        """The catalogue's entry of the chosen scenario."""
        scenarios = self.experiment["scenarios"] if self.experiment else []
        return next((entry for entry in scenarios if entry["name"] == self.choice.scenario), None)

    def choose_experiment(self, name: str) -> None:
        """Choose an experiment, and its first scenario."""
        experiment = next(entry for entry in self.catalogue if entry["name"] == name)
        self._choose(
            replace(self.choice, experiment=name, scenario=experiment["scenarios"][0]["name"], model="", epochs=0)
        )

    def choose_scenario(self, name: str) -> None:
        """Choose a scenario; the choice of a model is cleared."""
        self._choose(replace(self.choice, scenario=name, model="", epochs=0))

    def choose_run(self, run: Run) -> None:
        """Choose what a run has trained, and its last model."""
        self.watcher.follow(run.folder)
        self._choose(self.choice_of(run))

    def set_options(self, **options: Any) -> None:
        """Change anything but experiment and scenario."""
        self.choice = replace(self.choice, **options)
        self.choice_changed.emit(self.choice)

    def choice_of(self, run: Run) -> Choice:
        """Return what a run trains, and its last model; of runs older than records, the chosen data."""
        model = run.folder / "last.ckpt"
        path = str(model) if model.is_file() else ""
        chosen = replace(self.choice, experiment=run.experiment, scenario=run.scenario, model=path, epochs=0)
        data: dict[str, Any] = dict(run.record.data) if run.record is not None else {}
        return replace(chosen, **data)

    def _choose(self, choice: Choice) -> None:
        self.choice = choice
        self.choice_changed.emit(choice)
        self.details_changed.emit({})
        self.refresh_models()
        self.lists.ask("details", {"choice": choice.as_dict()}, partial(self._take_details, choice))

    def refresh_models(self) -> None:
        """Ask the worker for the list of checkpoints."""
        choice = self.choice
        if choice.scenario:
            asked = replace(choice, model="")  # a model that is gone by now must not keep the others from being listed
            self.lists.ask("models", {"choice": asked.as_dict()}, partial(self._take_models, choice))

    def _take_catalogue(self, catalogue: list[Answer]) -> None:
        self.catalogue = catalogue
        self.catalogue_changed.emit(catalogue)
        names = [entry["name"] for entry in catalogue]
        run = self.watcher.run
        if not self.choice.experiment and run is not None and run.experiment in names:
            self.choice = replace(self.choice_of(run), model="")  # what was trained last is most likely wanted
        if self.choice.experiment not in names:
            self.choose_experiment(names[0])
        elif self.scenario is None:
            self.choose_experiment(self.choice.experiment)
        else:
            self._choose(self.choice)

    def _take_details(self, asked: Choice, details: Answer) -> None:
        if self.choice.scenario == asked.scenario:
            self.details_changed.emit(details)

    def _take_models(self, asked: Choice, models: list[Answer]) -> None:
        if (self.choice.experiment, self.choice.scenario) == (asked.experiment, asked.scenario):
            self.models = models
            self.models_changed.emit(models)

    def _refresh_models_of(self, run: Run) -> None:
        chosen = (self.choice.experiment, self.choice.scenario) == (run.experiment, run.scenario)
        if chosen and not self.lists.waits_for("models"):
            self.refresh_models()

    # Actions

    def train(self) -> None:
        """Start a training of its own process, and follow it."""
        if self.scenario is None:
            self.message.emit("The experiments are still being loaded; a moment.")
            return
        try:
            folder = start_training(self.choice)
        except TrainingError as error:
            self.message.emit(str(error))
            return
        self.watcher.follow(folder)
        self.watcher.refresh()
        self.message.emit(f"Training goes to {folder}.")

    def stop_training(self) -> None:
        """Ask the run that is followed to end after its batch."""
        run = self.watcher.run
        if run is not None and run.record is not None:
            run_record.stop(run.record)
            self.message.emit("Stopping; the last whole epoch's checkpoint is kept.")

    def evaluate(self) -> None:
        """Evaluate the chosen model: figures, pictures and sounds."""
        self.studio.ask("evaluate", {"choice": self.choice.as_dict()}, self.evaluated.emit)

    def encode(self) -> None:
        """Encode the data, and measure the use of each latent dimension."""
        self.studio.ask("latent", {"choice": self.choice.as_dict()}, self.encoded.emit)

    def export(self, **names: str) -> None:
        """Export a release of the chosen model; `to`, `name`, `public_name`, `description`, `engine`: see worker."""
        options = {name: value for name, value in names.items() if value}
        self.studio.ask("export", {"choice": self.choice.as_dict(), **options}, self.exported.emit)

    def code(self, done: Callable[[str], None]) -> None:
        """Call `done` with the Python code of the choice."""
        self.lists.ask("code", {"choice": self.choice.as_dict()}, done)
