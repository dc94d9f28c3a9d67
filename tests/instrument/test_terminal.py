"""Whatever ends a command, no half file and no process is left, and a sentence says so."""

import contextlib
import os
import signal
import time

import psutil
import pytest

from instrument.terminal import Stopped, ending_signals, stoppable

pytestmark = pytest.mark.training

NAMES = [name for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]


def wait_until(condition, seconds=240.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.02)


@pytest.mark.parametrize("name", NAMES)
def test_a_render_that_is_ended_leaves_nothing(start, releases, tmp_path, name):
    (tmp_path / "score.txt").write_text("0 /aitunes/play\n")
    out = tmp_path / "out"
    out.mkdir()
    render = start(
        "render", tmp_path / "score.txt", "-o", out / "a.wav", "--releases", releases, "--release", "tiny",
        "--seconds", 80_000,
    )  # fmt: skip
    wait_until(lambda: list(out.iterdir()))
    number = getattr(signal, name)
    render.process.send_signal(number)
    assert render.ends() == 128 + number
    assert render.text.splitlines()[-1] == "Stopped; nothing was written."
    assert list(out.iterdir()) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_doctor_that_is_ended_ends_what_it_started(start, releases, name):
    doctor = start("doctor", "--output", "none", "--releases", releases, "--release", "tiny")
    doctor.says("Measuring")
    process = psutil.Process(doctor.process.pid)
    children = []

    def plays():
        with contextlib.suppress(psutil.Error):  # those that time imports come and go
            children[:] = [child for child in process.children() if "play" in child.cmdline()]
        return children

    wait_until(plays)
    number = getattr(signal, name)
    doctor.process.send_signal(number)
    assert doctor.ends() == 128 + number
    assert doctor.text.splitlines()[-1] == "Stopped; nothing was written."
    _, left = psutil.wait_procs(children, timeout=60.0)  # told to end, they fade out first
    assert not left


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no SIGHUP")
def test_under_nohup_a_closed_terminal_ends_nothing():
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        assert signal.SIGHUP not in ending_signals()
        with stoppable():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_a_second_signal_at_once_does_not_end_the_cleaning_up():
    before = signal.getsignal(signal.SIGTERM)
    cleaned = []

    def be_stopped():
        with stoppable():
            try:
                signal.raise_signal(signal.SIGTERM)
            finally:
                signal.raise_signal(signal.SIGINT)
                cleaned.append(True)

    with pytest.raises(Stopped):
        be_stopped()
    assert cleaned
    assert signal.getsignal(signal.SIGTERM) is before
