"""Every example does what it says."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from training.cli.parser import build

EXAMPLES = Path(__file__).parents[2] / "examples"
# What an engine tells its subscribers where other work holds it up.
OF_THE_MACHINE = ("the sound was interrupted", "this machine carries")


def test_there_is_no_example_without_a_test():
    names = {path.name for path in EXAMPLES.rglob("*.*") if path.suffix not in (".md", ".pyc")}
    tested = "".join(path.read_text() for path in Path(__file__).parent.glob("test_examples*.py"))
    assert len(names) > 8
    assert [name for name in names if f'"{name}"' not in tested] == []


def test_examples_stay_small():
    code = [path for path in EXAMPLES.rglob("*.*") if path.suffix in (".py", ".scd", ".js", ".txt", ".ReaperOSC")]
    assert all(len(path.read_text().splitlines()) < 100 for path in code)


def test_every_folder_has_a_page_of_five_lines():
    for folder in [path for path in EXAMPLES.iterdir() if path.is_dir()]:
        assert len((folder / "README.md").read_text().splitlines()) == 5


def test_the_score_plays_for_twenty_seconds_and_is_never_too_loud(tmp_path):
    out = tmp_path / "out.wav"
    words = ["render", EXAMPLES / "score.txt", "-o", out, "--depth", "float", "--iterations", "4"]
    command = [sys.executable, "-m", "instrument", *map(str, words)]
    subprocess.run(command, cwd=EXAMPLES.parent, check=True, timeout=280, stdout=subprocess.DEVNULL)
    y, rate = soundfile.read(out)
    y = y.mean(axis=1)
    assert len(y) / rate == pytest.approx(20.2, abs=0.01)
    level = np.array([np.sqrt(np.mean(second**2)) for second in np.split(y[: 19 * rate], 19)])
    assert (level > 0.005).all()
    assert 0.1 < np.abs(y).max() < 0.85
    assert not y[-rate // 2 :].any()


def test_half_a_minute_of_chamber_music_is_heard_throughout_and_never_too_loud(tmp_path):
    out = tmp_path / "out.wav"
    words = ["render", EXAMPLES / "chamber.txt", "--release", "chamber", "-o", out, "--depth", "float"]
    command = [sys.executable, "-m", "instrument", *map(str, words)]
    subprocess.run(command, cwd=EXAMPLES.parent, check=True, timeout=280, stdout=subprocess.DEVNULL)
    y, rate = soundfile.read(out)
    y = y.mean(axis=1)
    assert 30.0 < len(y) / rate < 40.0
    level = np.array([np.sqrt(np.mean(second**2)) for second in np.split(y[rate // 2 :][: 31 * rate], 31)])
    assert (level > 0.01).all()
    assert np.abs(y).max() < 10 ** (-1 / 20)
    assert not y[: rate // 5].any()
    assert np.abs(y[-rate // 4 :]).max() < 1e-4


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
    result = subprocess.run(command, capture_output=True, text=True, timeout=280)
    assert result.returncode == 0, result.stderr
    assert [line for line in result.stderr.splitlines() if not line.startswith(OF_THE_MACHINE)] == []
    lines = result.stdout.splitlines()
    assert lines
    moved = [client.expect("/aitunes/pad/xy")]
    while moved[-1] != [0.5, 0.5]:  # the middle, where it leaves the pad; fails where that never comes
        moved.append(client.expect("/aitunes/pad/xy"))
    heard = [f"x {x:.2f}  y {y:.2f}" for x, y in moved]
    # Every position that was printed was heard, in this order; others may lie between, as the sound moves.
    following = iter(heard)
    assert all(" ".join(line.split()[:2]) + "  " + " ".join(line.split()[2:4]) in following for line in lines)


def test_the_melody_is_tagged_ahead_and_even(recorder):
    """Every bundle of the sequencer says when it is meant for: an eighth after the one before it."""
    recorder.answer("/version", "/version.reply", "AiTunes", 0, 1, 0)
    command = [sys.executable, EXAMPLES / "python" / "notes.py", "--port", str(recorder.port), "--bars", "1"]
    subprocess.run([*command, "--tempo", "240"], check=True, timeout=280)
    recorder.messages("/aitunes/note", 16)
    starts = [packet for packet in recorder.packets if len(packet.messages) == 2]
    ends = [packet for packet in recorder.packets if packet.time is not None and len(packet.messages) == 1]
    assert np.diff([packet.time for packet in starts]) == pytest.approx([0.125] * 7, abs=1e-4)
    assert [packet.messages[0].arguments for packet in starts] == [[n, 96] for n in (57, 60, 64, 69, 67, 64, 60, 62)]
    for start, end in zip(starts, ends, strict=True):
        assert end.messages[0].arguments == [start.messages[0].arguments[0], 0]
        assert 0.0 < end.time - start.time < 0.125


def test_the_monitor_tells_status_changes_and_refusals_to_others(player):
    port, client = player
    client.send("/aitunes/gain", -3.0)
    command = [sys.executable, EXAMPLES / "python" / "status.py", "--port", str(port), "--seconds", "4"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as monitor:
        first = next(line for line in monitor.stdout if not line.startswith(" "))
        client.send("/aitunes/gain", -9.0)
        rest = monitor.communicate(timeout=280)[0]
    assert monitor.returncode == 0
    assert first.startswith("first-light plays at ")
    assert "0 malformed, " in first
    assert "  /aitunes/gain -9.0\n" in rest


@pytest.mark.parametrize("name", ["notes.py", "status.py", "wander.py"])
def test_each_says_when_nobody_answers(name):
    command = [sys.executable, EXAMPLES / "python" / name, "--port", "9"]
    more = ["--seconds", "1"] if name == "status.py" else []
    result = subprocess.run([*command, *more], capture_output=True, text=True, timeout=280)
    assert result.returncode == 1
    assert "No AiTunes answers at 127.0.0.1:9" in result.stderr


@pytest.mark.parametrize("name", ["prepare.sh", "train.sh"])
def test_batch_scripts_are_whole_and_say_what_the_trainer_understands(name):
    script = EXAMPLES / "slurm" / name
    subprocess.run(["bash", "-n", script], check=True)
    text = script.read_text().replace("\\\n", " ")
    (words,) = re.findall(r"^.*(?:aitunes-train|-m training\.cli) (.*)$", text, re.MULTILINE)
    values = {"$DATA": "/data", "$FEATURES": "/features", "$address": "tcp://127.0.0.1:8786", "${RESUME:-}": "--resume"}
    for variable, value in values.items():
        words = words.replace(variable, value)
    arguments = build().parse_args(shlex.split(words))
    assert arguments.action == script.stem
    assert arguments.experiment == "fma"
    assert "$" not in words
