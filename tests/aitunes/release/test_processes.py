"""Child processes run our modules, whatever lies in the folder they are started from, and report to nobody."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from aitunes.release.processes import own_process

PROJECT = Path(__file__).parents[3]
_LOOKUP_LOG = """\
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    FILE *log = fopen(getenv("LOOKUPS"), "a");
    if (log) { fprintf(log, "%s\\n", node ? node : ""); fclose(log); }
    int (*next)(const char *, const char *, const struct addrinfo *, struct addrinfo **);
    *(void **)&next = dlsym(RTLD_NEXT, "getaddrinfo");
    return next(node, service, hints, found);
}
"""


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


@pytest.fixture
def empty_home(tmp_path):
    """A home without a file, and the environment of a program that lives there."""
    home = tmp_path / "home"
    home.mkdir()
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "AITUNES_", "ORT_"))
    }
    return home, {**environment, "HOME": str(home), "USERPROFILE": str(home), "LOCALAPPDATA": str(home)}


def test_opening_a_release_writes_nothing_into_an_empty_home_and_looks_up_no_name(tiny, tmp_path, empty_home):
    home, environment = empty_home
    tiny.write(tmp_path, "tiny")
    lookups = tmp_path / "lookups"
    if shutil.which("cc") and sys.platform == "linux":
        source, library = tmp_path / "log.c", tmp_path / "log.so"
        source.write_text(_LOOKUP_LOG, encoding="ascii")
        subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True)
        environment |= {"LD_PRELOAD": str(library), "LOOKUPS": str(lookups)}
    code = "import sys, time; from pathlib import Path; from aitunes.release.reader import read_release; "
    code += "read_release(Path(sys.argv[1])); time.sleep(2)"  # telemetry has a thread of its own
    subprocess.run([sys.executable, "-c", code, tmp_path / "tiny"], env=environment, cwd=PROJECT, check=True)
    assert not list(home.rglob("*"))
    assert not lookups.exists()
