"""Tests what each side loads: the arrows of the architecture, looked at from a fresh interpreter."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
OFFLINE = {
    "torch",
    "librosa",
    "lightning",
    "matplotlib",
    "sklearn",
    "joblib",
    "fsspec",
    "distributed",
    "PySide6",
    "training",
}
WEB = {"fastapi", "pydantic", "segno", "starlette", "uvicorn", "websockets", "zeroconf"}
HEAVY = OFFLINE | {"scipy", "numba", "onnxruntime", "sounddevice", "soundfile", "soxr"}
MODULES = ["engine.engine", "scores.render", "cli.play", "cli.lists", "cli.render", "osc.server"]


def loaded_by(statement):
    script = f"{statement}\nimport json, sys\nprint(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"
    result = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=280)
    assert result.returncode == 0, result.stderr
    return set(json.loads(result.stdout))


def imports(package, names):
    """Return statements that import all these modules: what any of them loads is loaded then."""
    return "".join(f"import {package}.{name}\n" for name in names)


@pytest.mark.parametrize(
    "package", ["aitunes", "aitunes.release", "instrument", "instrument.cli", "instrument.namespace"]
)
def test_the_packages_themselves_load_nothing_heavy(package):
    assert not loaded_by(f"import {package}") & HEAVY


def test_the_live_side_loads_nothing_of_the_offline_side():
    # numba looks whether there is a scipy, so that is loaded, but not its transforms; the next test shows that no scipy
    # is needed at all.
    statements = imports("instrument", MODULES) + "import sys\nassert 'scipy.fft' not in sys.modules"
    assert not loaded_by(statements) & OFFLINE


def test_the_live_side_works_where_nothing_of_the_offline_side_is_installed():
    blocked = f"import sys; sys.modules.update(dict.fromkeys({sorted(OFFLINE | {'scipy', 'onnx'})}))\n"
    loaded_by(blocked + imports("instrument", MODULES))


def test_the_engine_loads_nothing_of_the_web():
    assert not loaded_by("import instrument.cli.play, instrument.engine.engine") & WEB


def test_the_web_server_loads_no_sound():
    assert not loaded_by("import instrument.web.serve") & HEAVY


def test_midi_loads_no_sound():
    assert not loaded_by("import instrument.midi.service, instrument.midi.jack_system") & HEAVY


def test_help_does_not_wait_for_the_engine():
    loaded = loaded_by("from instrument.cli import parser; parser.build().format_help()")
    assert not loaded & HEAVY


def test_the_trainers_window_leaves_what_is_heavy_to_its_workers():
    pytest.importorskip("PySide6", reason="pip install aitunes[window]")
    assert not loaded_by("import training.window.app") & (HEAVY - {"PySide6", "training"})


LIGHT_OFFLINE = ["learn.session", "learn.note_learner", "learn.textures", "window.worker", "cli.actions"]


def test_lightning_is_loaded_by_trainings_of_scenarios_alone():
    pytest.importorskip("lightning", reason="pip install aitunes[training]")
    assert not loaded_by(imports("training", LIGHT_OFFLINE)) & {"lightning", "torchmetrics"}


def test_importing_starts_no_thread_and_makes_no_folder(tmp_path):
    script = (
        "import threading, instrument.engine.engine, instrument.cli.play\n"
        "assert threading.active_count() == 1\n"
        "import signal; assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL"
    )
    environment = {"AITUNES_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT), "PATH": ""}
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, check=True, timeout=280)
    assert list(tmp_path.iterdir()) == []
