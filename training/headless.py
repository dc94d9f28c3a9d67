"""Runs every action from Python: choose an experiment, a scenario and a model; train, evaluate, export."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from aitunes.errors import TrainingError
from aitunes.experiments.cases import CASES, find_case
from aitunes.experiments.cases.case import Case
from aitunes.experiments.run_files import BEST_CHECKPOINT, LAST_CHECKPOINT
from aitunes.experiments.scenarios.scenario import Scenario
from aitunes.home import user_releases
from aitunes.printable import printable
from aitunes.release.bundled import BUNDLED
from aitunes.release.reader import TORCHSCRIPT, read_card
from training.data.corpus import Corpus, CorpusOptions, open_corpus, prepare_case
from training.data.feature_preparation import Progress
from training.data.feature_store import StoreCard
from training.engine_link import DEFAULT_ENGINE, load_on_engine
from training.evaluate.assessment import assess
from training.evaluate.comparison import Comparison, Exhibit, compare, generate
from training.evaluate.interactive import interactive_evaluation
from training.evaluate.page import write_page
from training.evaluate.projection import project
from training.evaluate.sampling import sample
from training.export.case_release import ReleaseNames, export_release
from training.export.nn_module import why_not_served
from training.fit.options import TrainOptions
from training.fit.run_folder import lock_run
from training.fit.trained import Trained, load_trained

RUNS = Path("runs")
NO_CODE = "# Choose an experiment to see the code that repeats the choice."


def _silent(done: int, total: int, seconds: float) -> None:
    pass


def _construction(actions: HeadlessActionPipeline) -> list[str]:
    """Write the code that makes such a pipeline, with what differs from the defaults."""
    data = _arguments(actions.data, ("data_dir", "features", "limit_items", "workers", "seed"))
    parts = ([f"CorpusOptions({data})"] if data else []) + [_arguments(actions, ("runs", "run"))]
    arguments = ", ".join(part for part in parts if part)
    imports = ["from pathlib import Path", ""] if "Path(" in arguments else []
    imports += ["from training.data.corpus import CorpusOptions"] if data else []
    name = type(actions).__name__
    return [*imports, f"from {type(actions).__module__} import {name}", "", f"actions = {name}({arguments})"]


def _arguments(made: CorpusOptions | HeadlessActionPipeline, names: tuple[str, ...]) -> str:
    """Write the arguments of a call that makes the same; those that have their default are left out."""
    defaults = {field.name: field.default for field in fields(made)}
    values = {name: value for name in names if (value := getattr(made, name)) != defaults[name]}
    return ", ".join(
        f"{name}=Path({str(value)!r})" if isinstance(value, Path) else f"{name}={value!r}"
        for name, value in values.items()
    )


@dataclass
class HeadlessActionPipeline:
    """Acts on what is selected, in the order experiment, scenario, model.

    Args:
        data: where the data come from.
        runs: folder of checkpoints, one for every experiment and scenario in it.
        run: a name for what is trained, which keeps it in a folder of its own beside other runs of the scenario.
        notify: called with sentences about what is going on.
        progress: called with the progress of the preparation.
        command: what a person typed, for the card.
    """

    data: CorpusOptions = field(default_factory=CorpusOptions)
    runs: Path = RUNS
    run: str = ""
    notify: Callable[[str], None] = lambda sentence: print(printable(sentence, lines=True), file=sys.stderr, flush=True)
    progress: Progress = _silent
    command: str = ""
    _experiment: Case | None = None
    _scenario: Scenario | None = None
    _model: Path | None = None
    _corpus: tuple[object, Corpus] | None = None
    _trained: tuple[object, Trained] | None = None

    @staticmethod
    def list_experiments() -> list[str]:
        """List the names of all experiments."""
        return list(CASES)

    def select_experiment(self, name: str) -> Case:
        """Choose an experiment; the choices of scenario and model are cleared."""
        self._experiment, self._scenario, self._model = find_case(name), None, None
        return self._experiment

    def list_scenarios(self) -> list[str]:
        """List the names of the experiment's scenarios."""
        return list(self.experiment.scenarios.names)

    def select_scenario(self, name: str) -> Scenario:
        """Choose one of the experiment's scenarios; the choice of a model is cleared."""
        self._scenario, self._model = self.experiment.scenarios.find(name), None
        return self._scenario

    def list_models(self) -> list[Path]:
        """List the checkpoints of the run or, where none is named, of all runs of the scenario; the latest first."""
        models = [path for pattern in ("*.ckpt", "*/*.ckpt") for path in self.run_dir.glob(pattern)]
        return sorted(models, key=lambda path: path.stat().st_mtime_ns, reverse=True)

    def select_model(self, path: str | Path) -> Path:
        """Choose a checkpoint: a path, or a name among those that `list_models` gives.

        Raises:
            TrainingError: there is none.
        """
        candidates = (Path(path), self.run_dir / path, self.run_dir / f"{path}.ckpt")
        model = next((candidate for candidate in candidates if candidate.is_file()), None)
        if model is None:
            known = ", ".join(str(path) for path in self.list_models()) or "none"
            raise TrainingError(f"There is no model {path}; there are: {known}.")
        self._model = model
        return model

    @staticmethod
    def list_production_releases() -> list[tuple[str, str, str]]:
        """List experiment, scenario and public name of every scenario whose release is for performers."""
        return [
            (case.name, scenario.name, scenario.prod_name or "")
            for case in CASES.values()
            for scenario in case.scenarios.production_grade()
        ]

    @property
    def experiment(self) -> Case:
        """The experiment that is selected."""
        if self._experiment is None:
            raise TrainingError(f"Select an experiment first: {', '.join(CASES)}.")
        return self._experiment

    @property
    def scenario(self) -> Scenario:
        """The scenario that is selected."""
        if self._scenario is None:
            raise TrainingError(
                f"Select a scenario of {self.experiment.name} first: {', '.join(self.list_scenarios())}."
            )
        return self._scenario

    @property
    def model(self) -> Path:
        """The checkpoint that is selected, or else of the latest run the best, where there is one, or the last."""
        if self._model is not None:
            return self._model
        models = self.list_models()
        if not models:
            raise TrainingError(f"There is no model of {self.experiment.name} {self.scenario.name} yet; train one.")
        usual = (models[0].with_name(name) for name in (BEST_CHECKPOINT, LAST_CHECKPOINT))
        return next((path for path in usual if path in models), models[0])

    @property
    def run_dir(self) -> Path:
        """The folder of the run's checkpoints."""
        return self.runs / self.experiment.name / self.scenario.name / self.run

    def describe_current_state(self) -> str:
        """Describe what is selected, in a few lines."""
        lines = [f"Experiment: {self.experiment.name}. {self.experiment.description}."]
        if self._scenario is not None:
            lines.append(
                f"Scenario: {self.scenario.name}, version {self.scenario.version}. {self.scenario.description}"
            )
            lines.append(f"Model: {self._model or 'none selected; training starts from random weights'}")
        return "\n".join(lines)

    def get_current_code(self, epochs: int = 0, save_every: int = 0) -> str:
        """Return the code that repeats the current choice."""
        if self._experiment is None:
            return NO_CODE
        lines = [f"actions.select_experiment({self._experiment.name!r})"]
        if self._scenario is not None:
            lines.append(f"actions.select_scenario({self._scenario.name!r})")
        if self._model is not None:
            lines.append(f"actions.select_model({str(self._model)!r})")
        if self._scenario is not None and epochs > 0:
            lines.append(f"actions.train({epochs}, {save_every})")
        return "\n".join([*_construction(self), *lines])

    def corpus(self) -> Corpus:
        """Open the data of the scenario, kept until another is chosen; audio is prepared where it has not been."""
        key = self.experiment.name, self.scenario.name, self.data
        if self._corpus is None or self._corpus[0] != key:
            self._corpus = (
                key,
                open_corpus(self.experiment, self.scenario, self.data, self.progress, self.notify),
            )
        return self._corpus[1]

    def prepare(self) -> tuple[Path, StoreCard]:
        """Prepare the features of the scenario's audio."""
        return prepare_case(self.experiment, self.scenario, self.data, self.progress)

    def train(self, epochs: int | None = None, save_every: int = 0, options: TrainOptions | None = None) -> Trained:
        """Train the scenario, from the selected model's weights where one is selected.

        Args:
            epochs: None takes the scenario's.
            save_every: epochs after which a checkpoint is kept besides the last one.
            options: all the others; its run folder is replaced by the pipeline's.
        """
        from training.fit.train import train  # with Lightning, which takes seconds to load

        chosen = options or TrainOptions(self.run_dir)
        own = self.data
        data: dict[str, str | int] = {
            "data_dir": str(own.data_dir or ""),
            "limit_items": own.limit_items or 0,
            "seed": own.seed,
        }
        chosen = replace(chosen, run_dir=self.run_dir, epochs=epochs, save_every=save_every, start_from=self._model)
        corpus = self.corpus()
        with lock_run(self.run_dir):
            trained = train(self.experiment, self.scenario, corpus, replace(chosen, data=data, notify=self.notify))
        self._model = None if self._model is not None and not self._model.is_file() else self._model
        return trained

    def load(self) -> Trained:
        """Load the selected model, or the latest; again when its file has changed."""
        key = self.scenario, self.model, self.model.stat().st_mtime_ns
        if self._trained is None or self._trained[0] != key:
            self._trained = key, load_trained(self.experiment, self.scenario, self.model)
        return self._trained[1]

    def evaluate(self, to: Path | None = None) -> tuple[dict[str, float], Path]:
        """Measure the model, and write a page of pictures and sounds."""
        trained, corpus = self.load(), self.corpus()
        figures = assess(trained, corpus)
        return figures, write_page(trained, corpus, figures, to or self.run_dir / "evaluation")

    def interactive_evaluation(self, to: Path | None = None, ask: Callable[[str], str] = input) -> None:
        """Reconstruct and sample what is asked for, until `q`."""
        interactive_evaluation(self.load(), self.corpus(), to or self.run_dir / "evaluation", ask, self.notify)

    def compare(self, item: int, to: Path | None = None) -> Comparison:
        """Write a held-out item and its reconstruction, as arrays and sounds."""
        return compare(self.load(), self.corpus(), item, to or self.run_dir / "evaluation")

    def generate(self, seed: int = 0, to: Path | None = None) -> Exhibit:
        """Write a decoded random code, as an array and a sound."""
        return generate(self.load(), self.corpus(), seed, to or self.run_dir / "evaluation")

    def project(self, to: Path | None = None) -> list[Path]:
        """Write the codes of the data in two dimensions."""
        return project(self.load(), self.corpus(), to or self.run_dir / "projection", self.data.seed)

    def sample(self, count: int = 8, seconds: float = 4.0, seed: int = 0, to: Path | None = None) -> list[Path]:
        """Write pictures and sounds of random codes."""
        return sample(self.load(), self.corpus(), count, seconds, seed, to or self.run_dir / "samples")

    def export(
        self,
        to: Path | None = None,
        names: ReleaseNames = ReleaseNames(),  # noqa: B008 - frozen
        trained: Trained | None = None,
        quick: bool = False,
    ) -> Path:
        """Write a release into a folder of releases.

        Args:
            to: None is where the instrument looks for the user's.
            trained: what is exported, instead of the selected model.
            quick: leave out the measurements of how it plays, which take minutes.
        """
        trained, corpus = trained or self.load(), self.corpus()
        figures = assess(trained, corpus, playing=not quick)
        folder = export_release(trained, corpus, figures, to or user_releases(), self.command, names)
        if sentence := why_not_served(read_card(folder)):
            self.notify(f"Without {TORCHSCRIPT}: {sentence}")
        if to is None and folder.name in BUNDLED:
            self.notify(
                f"{folder} now hides the release {folder.name} of AiTunes. To have both, export again with another "
                "--name and delete this folder."
            )
        return folder

    @staticmethod
    def play(release: str, engine: str = DEFAULT_ENGINE) -> None:
        """Ask a playing engine to cross-fade to a release; it finds those that `export` installs."""
        load_on_engine(release, engine)
