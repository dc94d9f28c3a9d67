"""Runs the window's second process, which loads PyTorch, so that the window never waits.

A request is a line of JSON on standard input, `{"id", "action", "choice", …}`; answers are lines on standard output,
`{"id", "message"}` while it goes on, then `{"id", "done"}` or `{"id", "failed"}`. It ends with its input.
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
import sys
import traceback
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from aitunes.errors import AiTunesError
from aitunes.experiments.cases.case import Case
from aitunes.experiments.scenarios.scenario import Scenario
from aitunes.release.runtime import disable_telemetry
from training.data.corpus import CorpusOptions
from training.engine_link import check_engine
from training.evaluate.assessment import MAX_ITEMS, latent_use
from training.export.case_release import ReleaseNames
from training.headless import HeadlessActionPipeline

Json = dict[str, Any]
_MAX_POINTS = 3_000


class Worker:
    """Handles requests, one after the other, through one pipeline.

    Args:
        send: sends an answer.
    """

    def __init__(self, send: Callable[[Json], None]) -> None:
        self.send = send
        self.id = 0
        self.actions = HeadlessActionPipeline(notify=self._notify)

    def handle(self, request: Json) -> None:
        """Handle a request and answer; a failure is answered by a sentence."""
        self.id = request["id"]
        try:
            self._select(request.get("choice", {}))
            self.send({"id": self.id, "done": _ACTIONS[request["action"]](self.actions, request)})
        except AiTunesError as error:
            self.send({"id": self.id, "failed": str(error)})
        except BrokenPipeError:
            raise  # the window is gone
        except OSError as error:
            name = error.filename or "A file"
            self.send({"id": self.id, "failed": f"{name} cannot be used: {error.strerror or error}."})
        except Exception as error:  # noqa: BLE001  a defect in one action must not end all the later ones
            traceback.print_exc()
            self.send({"id": self.id, "failed": f"Something unexpected happened: {error!r}."})

    def _notify(self, sentence: str) -> None:
        self.send({"id": self.id, "message": sentence})

    def _select(self, choice: Json) -> None:
        actions = self.actions
        actions.runs = Path(choice.get("runs") or "runs")
        folder = choice.get("data_dir")
        actions.data = CorpusOptions(
            Path(folder) if folder else None, limit_items=choice.get("limit_items") or None, seed=choice.get("seed", 0)
        )
        if choice.get("experiment"):
            actions.select_experiment(choice["experiment"])
            if choice.get("scenario"):
                actions.select_scenario(choice["scenario"])
                if choice.get("model"):
                    actions.select_model(choice["model"])


def _catalogue(actions: HeadlessActionPipeline, request: Json) -> list[Json]:
    return [_experiment(actions.select_experiment(name)) for name in actions.list_experiments()]


def _experiment(case: Case) -> Json:
    data = case.data
    return {
        "name": case.name,
        "description": case.description,
        "is_audio": case.is_audio,
        "data": data.name,
        "licence": data.licence,
        "source": data.source,
        "scenarios": [_scenario(scenario) for scenario in case.scenarios],
    }


def _scenario(scenario: Scenario) -> Json:
    return {
        "name": scenario.name,
        "version": scenario.version,
        "description": scenario.description,
        "public_name": scenario.prod_name or "",
        "public_description": scenario.prod_desc or "",
    }


def _details(actions: HeadlessActionPipeline, request: Json) -> Json:
    """Build the scenario and return its sizes and its own number of epochs."""
    experiment, recipe = actions.experiment.start(actions.scenario)
    return {
        "epochs": recipe.epochs,
        "batch_size": recipe.batch_size,
        "latent_dim": recipe.model.latent_dim,
        "parameters": sum(weight.numel() for weight in experiment.model.parameters()),
        "shape": list(actions.experiment.shape_of(actions.scenario)),
    }


def _models(actions: HeadlessActionPipeline, request: Json) -> list[Json]:
    models = [(path, path.stat()) for path in actions.list_models()]
    return [{"path": str(path), "bytes": state.st_size, "modified": state.st_mtime} for path, state in models]


def _code(actions: HeadlessActionPipeline, request: Json) -> str:
    return actions.get_current_code(request["choice"].get("epochs", 0), request["choice"].get("save_every", 0))


def _evaluate(actions: HeadlessActionPipeline, request: Json) -> Json:
    figures, page = actions.evaluate(actions.model.parent / "evaluation")
    return {"figures": figures, "page": str(page.resolve()), "model": str(actions.model)}


def _latent(actions: HeadlessActionPipeline, request: Json) -> Json:
    table = actions.project(actions.model.parent / "projection")[0]
    some = actions.corpus().held.some(MAX_ITEMS)
    use = latent_use(actions.load().experiment.model, np.asarray(some.S))
    kl_nats = None if use.kl_nats is None else use.kl_nats.tolist()
    answer = {"std": use.std.tolist(), "kl_nats": kl_nats, "active": use.active, "model": str(actions.model)}
    return {**answer, **_points(table)}


def _points(table: Path) -> Json:
    """Read labels, halves and planes of a projection's table, of some of its rows."""
    with table.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    rows = rows[:: -(-len(rows) // _MAX_POINTS)]
    names = [name.removesuffix("_1") for name in rows[0] if name.endswith("_1")]
    planes = {name: [[float(row[f"{name}_1"]), float(row[f"{name}_2"])] for row in rows] for name in names}
    return {"planes": planes, **{field: [row[field] for row in rows] for field in ("label", "half")}}


def _compare(actions: HeadlessActionPipeline, request: Json) -> Json:
    held = len(actions.corpus().held)
    comparison = actions.compare(min(request["item"], held - 1), Path(request["to"]))
    return {**asdict(comparison), "items": held, "model": str(actions.model), "epochs": actions.load().epochs}


def _generate(actions: HeadlessActionPipeline, request: Json) -> Json:
    return asdict(actions.generate(request["seed"], Path(request["to"])))


def _export(actions: HeadlessActionPipeline, request: Json) -> Json:
    names = ReleaseNames(request.get("name"), request.get("public_name"), request.get("description"))
    if request.get("engine"):
        check_engine(request["engine"])  # an export takes a minute
    folder = actions.export(Path(request["to"]) if request.get("to") else None, names, quick=bool(request.get("quick")))
    if request.get("engine"):
        actions.play(folder.name, request["engine"])
    return {"folder": str(folder), "release": folder.name, "epochs": actions.load().epochs}


_ACTIONS: dict[str, Callable[[HeadlessActionPipeline, Json], Any]] = {
    "catalogue": _catalogue,
    "details": _details,
    "models": _models,
    "code": _code,
    "evaluate": _evaluate,
    "latent": _latent,
    "compare": _compare,
    "generate": _generate,
    "export": _export,
}


def _answers() -> TextIO:
    """Reserve standard output for answers: what libraries print goes to standard error."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return answers


def main() -> None:
    """Handle requests until the input ends."""
    if hasattr(os, "nice"):
        os.nice(5)  # the training, and whatever plays, come first
    disable_telemetry()  # PyTorch imports ONNX Runtime, too
    answers = _answers()

    def send(answer: Json) -> None:
        print(json.dumps(answer, default=str), file=answers, flush=True)

    worker = Worker(send)
    with contextlib.suppress(BrokenPipeError):
        for line in sys.stdin:
            worker.handle(json.loads(line))
    os._exit(0)  # without a last flush into a pipe that nobody reads


if __name__ == "__main__":
    main()
