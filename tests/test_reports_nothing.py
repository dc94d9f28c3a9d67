"""No process of ours looks up a name, or writes a file that is not ours, and each can do without a home."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import soundfile

PROJECT = Path(__file__).parents[1]
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


@pytest.fixture(scope="module")
def lookup_log(tmp_path_factory, lack):
    """A library that writes down each name that is looked up."""
    if sys.platform != "linux":
        pytest.skip("needs Linux")
    if shutil.which("cc") is None:
        lack("there is no C compiler; apt-get install gcc libc6-dev")
    folder = tmp_path_factory.mktemp("log")
    (folder / "log.c").write_text(_LOOKUP_LOG, encoding="ascii")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", folder / "log.so", folder / "log.c", "-ldl"], check=True)
    return folder / "log.so"


@pytest.fixture
def names(tmp_path):
    """The file into which looked-up names are written."""
    return tmp_path / "lookups"


@pytest.fixture
def run(lookup_log, names, tmp_path):
    """Run Python with these words in a home, until it ends or says something, and return what it has said."""

    def run(home, *words, until=None):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "AITUNES_", "ORT_"))}
        environment = {**kept, "HOME": str(home), "PYTHONPATH": str(PROJECT), "DISPLAY": "", "WAYLAND_DISPLAY": ""}
        environment |= {"LD_PRELOAD": str(lookup_log), "LOOKUPS": str(names)}
        process = subprocess.Popen(
            [sys.executable, *map(str, words)], env=environment, cwd=tmp_path, stderr=subprocess.PIPE, text=True
        )
        said = []
        for line in process.stderr:
            said.append(line)
            if until and until in line:
                process.send_signal(signal.SIGINT)
        process.stderr.close()
        assert process.wait(60) in (0, 128 + signal.SIGINT), said
        return "".join(said)

    return run


@pytest.fixture
def home(tmp_path):
    (tmp_path / "home").mkdir()
    return tmp_path / "home"


NOWHERE = Path("/proc/nobody")
PLAY = [
    "-m",
    "instrument",
    "play",
    "--output",
    "none",
    "--osc-port",
    0,
    "--http-port",
    0,
    "--no-pad",
    "--web",
    "--midi",
]


def looked_up(names):
    """Names that were asked for, apart from this machine and addresses in figures."""
    found = names.read_text().split() if names.exists() else []
    return [name for name in found if name not in ("localhost", "127.0.0.1", "::1", "0.0.0.0")]


def foreign(home):
    return [path for path in home.rglob("*") if path.is_file() and "aitunes" not in path.relative_to(home).parts]


def test_opening_a_release_writes_nothing_and_looks_up_no_name(tiny, tmp_path, run, home, names):
    tiny.write(tmp_path, "tiny")
    code = "import sys, time; from pathlib import Path; from aitunes.release.reader import read_release; "
    code += "read_release(Path(sys.argv[1])); time.sleep(2)"  # telemetry has a thread of its own
    run(home, "-c", code, tmp_path / "tiny")
    assert not list(home.rglob("*"))
    assert not names.exists()


def test_an_engine_with_all_its_helpers_keeps_to_itself(run, home, names):
    assert "Stopped." in run(home, *PLAY, until="The page is at")
    assert looked_up(names) == []
    assert foreign(home) == []


def test_an_engine_plays_without_a_home(run):
    said = run(NOWHERE, *PLAY, until="The page is at")
    assert "Stopped." in said
    assert "nobody" not in said


@pytest.mark.training
def test_a_training_looks_up_no_name_and_needs_no_home(run, names, tmp_path, rng):
    for folder in "ab":
        (tmp_path / "sounds" / folder).mkdir(parents=True)
        for n in range(3):
            sound = 0.1 * rng.standard_normal(66_150)
            soundfile.write(tmp_path / "sounds" / folder / f"{n}.wav", sound, 22_050)
    words = ["-E", "folder", "-S", "frame-dim4", "-e", "1", "--limit-items", "20", "--data-dir", tmp_path / "sounds"]
    said = run(NOWHERE, "-m", "training", "train", *words)
    assert "Preparing 6 tracks" in said
    assert looked_up(names) == []
    assert "atplotlib" not in said
    assert "nobody" not in said
