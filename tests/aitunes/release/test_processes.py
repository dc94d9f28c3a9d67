"""Child processes run our modules, whatever lies in the folder they are started from, and report to nobody."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from aitunes.release.processes import own_process

PROJECT = Path(__file__).parents[3]


@pytest.mark.parametrize("before", [None, "", os.pathsep])
def test_modules_of_the_current_folder_stay_out_of_the_way(tmp_path, monkeypatch, before):
    for name in ("json", "socket", "aitunes", "instrument"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('a stranger\\'s module ran')", encoding="utf-8")
    if before is None:
        monkeypatch.delenv("PYTHONPATH", raising=False)
    else:
        monkeypatch.setenv("PYTHONPATH", before)
    command, environment = own_process("instrument", "--version")
    run = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True)
    assert (run.returncode, run.stderr) == (0, "")
    assert run.stdout.startswith("AiTunes ")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no Ctrl-C to one process")
def test_an_interrupt_while_a_child_imports_is_no_traceback(tmp_path):
    (tmp_path / "slow.py").write_text(
        "import os, signal, sys\nprint('importing', sys.argv[1:], flush=True)\nos.kill(os.getpid(), signal.SIGINT)\n"
        "import time; time.sleep(60)\n"
    )
    command, environment = own_process("slow", "a word")
    environment["PYTHONPATH"] += os.pathsep + str(tmp_path)
    run = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert (run.returncode, run.stdout, run.stderr) == (130, "importing ['a word']\n", "")


@pytest.mark.skipif(sys.platform != "linux", reason="the system bounds no memory")
def test_a_bound_of_memory_holds_here_and_not_in_child_processes(tmp_path):
    (tmp_path / "told.py").write_text("import resource; print(resource.getrlimit(resource.RLIMIT_DATA)[0])")
    command, environment = own_process("told")
    environment["PYTHONPATH"] += os.pathsep + str(tmp_path)
    script = (
        "import resource, subprocess; from aitunes.memory_bound import bound_memory\n"
        "bound_memory(1 << 30)\n"
        "try: bytearray(3 << 29)\n"
        "except MemoryError: print('refused', flush=True)\n"
        f"subprocess.run({command!r}, check=True)\n"
    )
    words = [sys.executable, "-P", "-c", script]
    run = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=60)
    assert (run.stdout.split(), run.stderr) == (["refused", "-1"], "")


def test_every_child_process_of_ours_is_made_in_one_place():
    lines = [
        f"{path.relative_to(PROJECT)}: {line.strip()}"
        for package in ("aitunes", "instrument", "training")
        for path in (PROJECT / package).rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r'sys\.executable, "-(m|c)"', line)
    ]
    assert lines == []


def test_onnx_runtime_is_imported_where_its_telemetry_is_turned_off_alone():
    lines = [
        f"{path.relative_to(PROJECT)}: {line}"
        for package in ("aitunes", "instrument", "training", "benchmarks")
        for path in (PROJECT / package).rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.match(r"\s*(import|from) onnxruntime", line)
    ]
    assert all(line.endswith("from onnxruntime import InferenceSession") for line in lines), lines  # for type checkers
