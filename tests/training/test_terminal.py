"""Names of other people's folders, as `aitunes-train` prints them, act on no terminal and fail nothing."""

import os
import subprocess

import pytest

from aitunes.release.processes import own_process
from training.cli import main

pytestmark = pytest.mark.training


@pytest.mark.skipif(os.name == "nt", reason="no such names there")
def test_names_of_runs_are_printed_escaped(tmp_path, capsys):
    model = tmp_path / "\x1b[2J\udcff" / "folder" / "frame-dim4" / "last.ckpt"
    model.parent.mkdir(parents=True)
    model.write_bytes(b"x")
    words = ["list", "-E", "folder", "-S", "frame-dim4", "--runs", str(tmp_path / "\x1b[2J\udcff")]
    assert main(words) == 0
    assert "\\x1b[2J\\udcff/folder/frame-dim4/last.ckpt" in capsys.readouterr().out


def test_a_terminal_of_few_letters_and_a_reader_that_leaves_are_no_error():
    command, environment = own_process("training", "list")
    plain = {**environment, "PYTHONIOENCODING": "ascii"}
    run = subprocess.run(command, env=plain, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")
    read, write = os.pipe()
    os.close(read)
    with open(write, "wb") as nobody:  # noqa: PTH123  no path
        run = subprocess.run(command, env=environment, stdout=nobody, stderr=subprocess.PIPE, text=True)
    assert (run.returncode, run.stderr) == (1, "")
