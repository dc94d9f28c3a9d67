"""Every example does what it says."""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.fixture
def player(start):
    """The port of an engine on the bundled release without a sound device, and a client of it."""
    client = start("play", "--output", "none", "--osc-port", 0).client()
    return client.engine[1], client


def until(client, address, wanted, seconds=20.0):
    """Ask for a value until it is as wanted."""
    deadline = time.monotonic() + seconds
    while (value := client.ask(address)) != pytest.approx(wanted, abs=1e-4):
        assert time.monotonic() < deadline, f"{address} is {value}, not {wanted}"
        time.sleep(0.02)


def playing(client):
    return client.ask("/status", reply="/status.reply")[13]


def test_there_is_no_example_without_a_test():
    names = {path.name for path in EXAMPLES.rglob("*") if path.is_file() and path.suffix in (".py", ".pd", ".txt")}
    tested = Path(__file__).read_text()
    assert names
    assert all(f'"{name}"' in tested for name in names)


def test_examples_stay_small():
    assert all(len(path.read_text().splitlines()) < 100 for path in EXAMPLES.rglob("*.*") if path.suffix != ".png")


def test_the_score_plays_for_twenty_seconds_and_is_never_too_loud(tmp_path):
    out = tmp_path / "out.wav"
    words = ["render", EXAMPLES / "score.txt", "-o", out, "--depth", "float", "--iterations", "4"]
    command = [sys.executable, "-m", "instrument", *map(str, words)]
    subprocess.run(command, cwd=EXAMPLES.parent, check=True, timeout=120, stdout=subprocess.DEVNULL)
    y, rate = soundfile.read(out)
    assert len(y) / rate == pytest.approx(20.2, abs=0.01)
    level = np.array([np.sqrt(np.mean(second**2)) for second in np.split(y[: 19 * rate], 19)])
    assert (level > 0.005).all()
    assert 0.1 < np.abs(y).max() < 0.85
    assert not y[-rate // 2 :].any()


def test_the_wanderer_moves_the_pad_and_leaves_it_in_the_middle(player):
    port, client = player
    client.command("/notify", 1)
    command = [
        sys.executable,
        EXAMPLES / "python" / "wander.py",
        "--port",
        str(port),
        "--seconds",
        "1.2",
        "--seed",
        "3",
    ]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 0, result.stderr
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert len(lines) == 3
    moved = [client.expect("/aitunes/pad/xy") for _ in range(4)]
    for line, (x, y) in zip(lines, moved, strict=False):
        assert line.startswith(f"x {x:.2f}  y {y:.2f} ")
    assert moved[-1] == [0.5, 0.5]


def test_the_wanderer_says_when_nobody_answers():
    command = [sys.executable, EXAMPLES / "python" / "wander.py", "--port", "9"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert result.returncode == 1
    assert "No AiTunes answers at 127.0.0.1:9" in result.stderr


@pytest.mark.puredata
def test_the_puredata_patch_plays_the_engine_and_hears_its_status(need, player, tmp_path):
    pd = need("pd", "puredata-core")
    port, client = player

    def run(*messages, ready):
        """Run the patch without a window until `ready`, and return what it printed."""
        log = tmp_path / "pd.log"
        sends = [word for message in (f"aitunes-connect 127.0.0.1 {port}", *messages) for word in ("-send", message)]
        command = [pd, "-nogui", "-noaudio", "-nrt", "-noprefs", *sends, "-open", EXAMPLES / "puredata" / "aitunes.pd"]
        with log.open("w") as output:
            patch = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
            try:
                ready(log)
            finally:
                patch.terminate()
                patch.wait(10.0)
        return log.read_text(errors="replace")

    def stopped(log):
        until(client, "/aitunes/pad/xy", [0.2, 0.8])
        until(client, "/aitunes/gain", [-9.0])
        deadline = time.monotonic() + 20.0
        while playing(client):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        while "aitunes-status: 0 " not in log.read_text(errors="replace") and time.monotonic() < deadline:
            time.sleep(0.02)

    def started(log):
        deadline = time.monotonic() + 20.0
        while not playing(client):
            assert time.monotonic() < deadline
            time.sleep(0.02)

    printed = run("aitunes-xy 0.2 0.8", "aitunes-gain -9", "aitunes-stop bang", ready=stopped)
    assert "aitunes-status: " in printed
    assert "couldn't create" not in printed
    status = printed.split("aitunes-status: ", 1)[1].splitlines()[0].split()
    assert len(status) == 6
    run("aitunes-play bang", ready=started)
