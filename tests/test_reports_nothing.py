"""No process of ours looks up a name, or writes a file that is not ours, and each can do without a home."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
import soundfile

from instrument.storage.paths import bundled_releases

PROJECT = Path(__file__).parents[1]
_LOOKUP_LOG = """\
#define _GNU_SOURCE
#include <dlfcn.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
static void note(const char *name) {
    FILE *log = fopen(getenv("LOOKUPS"), "a");
    if (log) { fprintf(log, "%s\\n", name ? name : ""); fclose(log); }
}
struct hostent *gethostbyname(const char *name) {
    note(name);
    struct hostent *(*next)(const char *);
    *(void **)&next = dlsym(RTLD_NEXT, "gethostbyname");
    return next(name);
}
int gethostbyname_r(
    const char *name, struct hostent *entry, char *buffer, size_t size, struct hostent **found, int *e) {
    note(name);
    int (*next)(const char *, struct hostent *, char *, size_t, struct hostent **, int *);
    *(void **)&next = dlsym(RTLD_NEXT, "gethostbyname_r");
    return next(name, entry, buffer, size, found, e);
}
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **found) {
    note(node);
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
    """Run Python with these words in a home, until it ends or says something, and return what it has said.

    `meanwhile` takes the line that it said, before it is interrupted; `tidy` expects no file beside the home.
    """

    work, temporary = tmp_path / "work", tmp_path / "temporary"
    work.mkdir()
    temporary.mkdir()

    def run(home, *words, until=None, meanwhile=lambda line: None, tidy=True):
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "AITUNES_", "ORT_"))}
        environment = {**kept, "HOME": str(home), "PYTHONPATH": str(PROJECT), "DISPLAY": "", "WAYLAND_DISPLAY": ""}
        environment |= {"LD_PRELOAD": str(lookup_log), "LOOKUPS": str(names), "TMPDIR": str(temporary)}
        process = subprocess.Popen(
            [sys.executable, *map(str, words)],
            env=environment,
            cwd=work,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        said = []
        for line in process.stderr:
            said.append(line)
            if until and until in line:
                meanwhile(line)
                process.send_signal(signal.SIGINT)
        process.stderr.close()
        assert process.wait(60) in (0, 128 + signal.SIGINT), said
        if tidy:
            assert not [*work.iterdir(), *temporary.iterdir()]
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


@pytest.fixture
def strangers(tiny, tmp_path):
    """Make a folder with a release that is a stranger's, so that it is judged first."""
    folder = tmp_path / "releases"
    folder.mkdir()
    tiny.write(folder, "tiny")
    return folder


def test_what_judges_and_lists_a_strangers_release_keeps_to_itself(strangers, run, home, names):
    run(home, *PLAY[:-2], "--releases", strangers, "--release", "tiny", until="Playing")
    assert "tried-releases.json" in [path.name for path in home.rglob("*")]  # so it was
    run(home, "-m", "instrument", "releases", "--releases", strangers)
    assert looked_up(names) == []
    assert foreign(home) == []


def test_renders_and_their_server_keep_to_themselves(strangers, run, home, names):
    states = []

    def render(line):
        address = re.search(r"(http://[\d.]+:\d+)/", line)[1]
        with httpx.Client(base_url=address, timeout=120.0) as client:
            wanted = {"release": "tiny", "seconds": 0.3, "score": "0 /aitunes/gain -3", "format": "ogg"}
            job = client.post("/api/v1/renders", json=wanted).headers["location"]
            while (state := client.get(job).json()["state"]) in ("queued", "running"):
                time.sleep(0.1)
            states.append(state)

    words = ("web", "--http-port", 0, "--no-discovery", "--connect", "127.0.0.1:9", "--releases", strangers)
    run(home, "-m", "instrument", *words, until="OSCQuery at", meanwhile=render)
    assert states == ["done"]
    assert looked_up(names) == []
    assert foreign(home) == []


def test_an_encoder_for_dropped_sounds_keeps_to_itself(run, home, names, tmp_path, rng):
    soundfile.write(tmp_path / "a.wav", 0.1 * rng.standard_normal(44_100), 44_100)
    run(home, "-m", "instrument.pad.encoding", bundled_releases() / "first-light", tmp_path / "a.wav")
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
    said = run(NOWHERE, "-m", "training", "train", *words, tidy=False)
    assert "Preparing 6 tracks" in said
    assert looked_up(names) == []
    assert "atplotlib" not in said
    assert "Warning" not in said
    assert "nobody" not in said
