"""All compiled code that a release needs to sound lies in numba's cache once it was there."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
RENDER = """
import sys
from numba.core import event
from instrument.cli import main

with event.install_recorder("numba:compile") as recorder:
    assert main(["render", *sys.argv[1:]]) == 0
print(sorted({str(compiled.data["dispatcher"]) for _, compiled in recorder.buffer}))
"""


def test_a_second_process_compiles_nothing(releases, tmp_path):
    score, home = tmp_path / "empty.osc", {**os.environ, "AITUNES_HOME": str(tmp_path)}
    score.touch()
    words = [score, "--output", tmp_path / "a.wav", "--seconds", "0.2", "--releases", releases, "--release", "notes"]

    def compiled():
        command = [sys.executable, "-c", RENDER, *map(str, words)]
        done = subprocess.run(command, cwd=ROOT, env=home, check=True, stdout=subprocess.PIPE, text=True)
        return done.stdout.splitlines()[-1]

    compiled()
    assert compiled() == "[]"
