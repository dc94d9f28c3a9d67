"""The doctor says what is true, or why it cannot say anything."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from instrument.cli import main
from instrument.doctor import measure
from instrument.doctor.measure import DoctorError, HopCost, Report, half_way, start_seconds
from instrument.doctor.report import advise, table
from instrument.doctor.trace import write_trace
from instrument.engine.flight_recorder import HOPS, FlightRecorder
from instrument.terminal import Stopped, stoppable

PROJECT = Path(__file__).parents[2]
REPORT = Report(
    machine={"system": "Linux", "scheduling": "real-time"},
    import_seconds=0.1,
    start_seconds=1.0,
    iterations=4,
    hop_ms=3.0,
    costs=[HopCost("phase", 1.0, 1.5, 0.33), HopCost("total", 1.2, 1.7, 0.4)],
    output="a device",
    sample_rate=48_000.0,
    device_ms=5.0,
    reserve_ms=5.3,
    stall_ms=3.5,
    stages_ms={"synthesis": 3.0},
    latency_median_ms=15.0,
    latency_low_ms=12.0,
    latency_high_ms=18.0,
    played_seconds=10.0,
    underruns=0,
    device_underruns=0,
    mean_load=40.0,
    peak_load=60.0,
    causes=[],
    advice=[],
)


@pytest.fixture
def start():
    """`start(script)`: the time that a script takes to say that it plays, in place of `aitunes play`."""
    return lambda script: start_seconds([], [sys.executable, "-c", script])


def test_the_start_ends_when_it_plays(start):
    assert 0.0 < start("import sys, time; print('Playing', file=sys.stderr, flush=True); time.sleep(60)") < 30.0


def test_a_signal_while_the_child_is_being_made_ends_it_too(start, monkeypatch):
    made = []

    def make(*words, **options):
        made.append(subprocess.Popen(*words, **options))
        signal.raise_signal(signal.SIGTERM)
        return made[0]

    monkeypatch.setattr(measure, "subprocess", SimpleNamespace(Popen=make, PIPE=subprocess.PIPE))
    try:
        with pytest.raises(Stopped), stoppable():
            start("import time; time.sleep(600)")
        assert made[0].poll() == -signal.SIGTERM
    finally:
        made[0].kill()


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("import sys; sys.exit('No display\\naitunes: There is no release.')", "There is no release."),
        ("raise RuntimeError('broken')", "RuntimeError: broken"),
        ("", "it said nothing."),
    ],
)
def test_a_start_that_never_plays_is_told_in_its_own_words(start, script, sentence):
    with pytest.raises(DoctorError) as caught:
        start(script)
    assert str(caught.value) == f"`aitunes play` does not start: {sentence}"


def test_fewer_iterations_are_advised_where_there_are_any():
    assert "choose --iterations 2." in advise(REPORT)[0]


def test_nobody_is_advised_to_do_what_they_do_already():
    advice = advise(replace(REPORT, iterations=0))[0]
    assert "choose --iterations" not in advice
    assert "--iterations 0 is the least" in advice


def test_a_machine_that_carries_it_is_told_so():
    easy = replace(REPORT, costs=[HopCost("phase", 0.2, 0.3, 0.07), HopCost("total", 0.3, 0.4, 0.1)])
    assert advise(easy) == [
        "Sound takes 10% of one core: this machine carries --iterations 4.",
        "Nothing was interrupted at this block size.",
    ]
    assert "start to first sound 1.00 s" in list(table(easy))


def test_the_change_is_found_where_it_is_even_between_two_noises():
    rate, settle, late = 48_000, 9_600, 800
    for seed in range(20):
        noise = np.random.default_rng(seed).standard_normal(3 * settle + 1)
        dark, bright = noise[1:] + 0.2 * noise[:-1], noise[1:] - 0.2 * noise[:-1]
        y = np.where(np.arange(3 * settle) < settle + late, dark, bright).astype(np.float32)
        found = half_way(y, settle)
        assert found is not None
        assert abs(found - late) / rate < 3e-3


def test_no_change_is_found_where_there_is_none():
    assert half_way(np.zeros(28_800, np.float32), 9_600) is None


def test_a_trace_that_cannot_be_written_is_refused_before_anything_is_measured(tmp_path, capsys):
    for path, why in (
        ("/dev/null", "no regular file"),
        (tmp_path, "no regular file"),
        (tmp_path / "x" / "y", "no folder"),
        (tmp_path / ("x" * 250), "name"),
        *([("/proc/trace.json", "cannot be written")] if Path("/proc/self").exists() else []),
    ):
        assert main(["doctor", "--output", "none", "--trace", str(path)]) == 1
        said = capsys.readouterr().err
        assert why in said
        assert "Measuring" not in said


@pytest.mark.skipif(sys.platform == "win32", reason="Windows bounds no files")
def test_a_trace_for_which_the_disk_has_no_room_is_a_sentence_and_leaves_nothing(tmp_path):
    import resource

    flight, said = FlightRecorder(), []
    flight.begin()
    for _ in range(HOPS):
        flight.add(0.0, 0.0, 0.001, 0.0005, (1, 1e-5), 256.0, 0, 128 / 48_000)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, before[1]))  # more than the trial, less than the trace
    try:
        assert not write_trace(tmp_path / "trace.json", flight, said.append)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    (sentence,) = said
    assert f"cannot be written to {tmp_path / 'trace.json'}: File too large." in sentence
    assert list(tmp_path.iterdir()) == []
    assert write_trace(tmp_path / "trace.json", flight, said.append)
    assert len(json.loads((tmp_path / "trace.json").read_text())["traceEvents"]) > HOPS


@pytest.fixture
def on_small_disk(tmp_path):
    """`on_small_disk(kilobytes, code)`: run Python where the folder "disk" is a disk of that size; what it printed."""
    (tmp_path / "disk").mkdir()

    def run(kilobytes, code):
        mount = f"mount -t tmpfs -o size={kilobytes}k none disk"
        command = ["unshare", "-rm", "sh", "-c", f'{mount} && exec "$@"', "sh", sys.executable, "-c", code]
        done = subprocess.run(
            command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(PROJECT)}, capture_output=True, text=True
        )
        if "unshare failed" in done.stderr or "mount:" in done.stderr:
            pytest.skip(f"this system lets nobody mount a disk: {done.stderr[:80]}")
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    return run


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
def test_a_full_disk_is_told_before_anything_is_measured(on_small_disk):
    code = """
from pathlib import Path
from instrument.cli import main
Path("disk/film").write_bytes(bytes(40_000))
status = main(["doctor", "--output", "none", "--trace", "disk/trace.json"])
print(status, [path.name for path in Path("disk").iterdir()])
"""
    said = on_small_disk(64, code)
    assert "The trace cannot be written to disk/trace.json: No space left on device." in said
    assert "Measuring" not in said
    assert "1 ['film']" in said


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
def test_a_disk_that_is_full_in_the_end_is_a_sentence_and_the_older_trace_stays(on_small_disk):
    code = """
from pathlib import Path
from instrument.engine.flight_recorder import HOPS, FlightRecorder
from instrument.doctor.trace import write_trace
Path("disk/trace.json").write_text("{}")
flight = FlightRecorder()
flight.begin()
for _ in range(HOPS):
    flight.add(0.0, 0.0, 0.001, 0.0005, (1, 1e-5), 256.0, 0, 128 / 48_000)
print(write_trace(Path("disk/trace.json"), flight, print))
print([(path.name, path.read_text()) for path in Path("disk").iterdir()])
"""
    said = on_small_disk(128, code)
    assert "The trace cannot be written to disk/trace.json: No space left on device.\nFalse\n" in said
    assert "[('trace.json', '{}')]" in said
