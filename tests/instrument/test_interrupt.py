"""Ctrl-C in the first second ends every command with the shell's status for it, and without a traceback."""

import os
import signal
import subprocess
import sys

import pytest

_INTERRUPTS_AT_AN_IMPORT = """
import os, signal, sys

class Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        if name == os.environ["INTERRUPTED_IMPORT"]:
            sys.meta_path.remove(Finder)
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Finder)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no Ctrl-C to one process")
@pytest.mark.parametrize(
    ("words", "module"),
    [
        ("instrument play --output none", "instrument.cli"),
        ("instrument play --output none", "onnxruntime"),
        ("instrument play --output none", "instrument.synthesis.voice_bank"),
        ("instrument render x -o x.wav", "instrument.cli.render"),
        ("instrument doctor", "instrument.doctor.measure"),
        ("instrument releases", "instrument.storage.library"),
        ("instrument devices", "sounddevice"),
        ("instrument pad", "PySide6.QtCore"),
        ("instrument oscquery", "uvicorn"),
        ("training list", "training.cli"),
        ("training train -E sinewave -S VAE", "training.cli.actions"),
        ("training learn x", "training.learn.command"),
        ("training", "training.window"),
    ],
)
def test_an_interrupt_while_it_is_imported_is_no_traceback(words, module, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(_INTERRUPTS_AT_AN_IMPORT)
    path = os.pathsep.join([str(tmp_path), *sys.path[1:], os.getcwd()])  # noqa: PTH109  as `python -m` sees it
    home = {"AITUNES_HOME": str(tmp_path), "QT_QPA_PLATFORM": "offscreen", "INTERRUPTED_IMPORT": module}
    done = subprocess.run(
        [sys.executable, "-m", *words.split()],
        env={**os.environ, "PYTHONPATH": path, **home},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 128 + signal.SIGINT, done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
