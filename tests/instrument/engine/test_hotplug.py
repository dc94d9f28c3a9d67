"""Devices that come and go are told of once, and the one that was lost is taken again."""

import os
import signal
import sys
import threading
import time
from types import SimpleNamespace

import numpy as np
import pytest

from instrument.engine.device_changes import ANY_DEVICE
from instrument.engine.hotplug import LOOK_SECONDS, MAX_PAUSE_SECONDS, DeviceScanner, DeviceWatch
from instrument.engine.publisher import Publisher
from instrument.outputs import OutputError


class Port:
    """A device that may be missing, and what was done about it."""

    def __init__(self):
        self.awaited, self.feels_scans, self.returns, self.name = None, False, 0, "system"

    def miss_device(self):
        self.awaited = self.name

    def return_to_device(self):
        self.returns += 1


@pytest.fixture
def port():
    return Port()


@pytest.fixture
def publisher():
    return Publisher()


@pytest.fixture
def told(publisher):
    """Return what was told since the last call."""

    def drain():
        messages = publisher.drain()
        assert all(message.address == "/aitunes/device/changed" for message in messages)
        return [message.arguments for message in messages]

    return drain


@pytest.fixture
def now():
    return [1000.0]


@pytest.fixture
def look(port, publisher, now, monkeypatch):
    """Look, and see those devices, of which those with JACK in their names are JACK's."""
    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    names = []

    def devices(apart):
        hosts = {name: "JACK Audio Connection Kit" if "JACK" in name else "ALSA" for name in names}
        return [{"name": name, "host": host} for name, host in hosts.items() if host == "ALSA" or not apart]

    watch = DeviceWatch(
        SimpleNamespace(devices=devices, jack_clients=lambda: [name for name in names if "JACK" in name]),
        port,
        publisher,
        lambda: port,
        lambda: True,
        lambda function: function(),
        lambda: now[0],
    )

    def see(*there):
        names[:] = there
        watch.look()

    return see


def test_changes_are_told_once_with_all_that_is_there(told, look):
    look("USB")
    assert told() == []
    look("USB", "HDMI")
    look("USB", "HDMI")
    assert told() == [("USB", "HDMI")]
    look()
    assert told() == [()]


def test_while_it_plays_through_jack_the_others_are_followed_and_jack_is_left_alone(port, told, look):
    look("USB", "JACK")
    port.feels_scans = True
    look("USB", "JACK")
    assert told() == []
    look("HDMI", "USB", "JACK, another")
    assert told() == [("HDMI", "USB", "JACK")]
    port.feels_scans = False
    look("JACK, another", "HDMI", "USB")
    assert told() == [("JACK, another", "HDMI", "USB")]


def test_a_program_that_is_played_into_is_missed_and_connected_again(port, told, look):
    look("USB", "JACK, a program")
    port.feels_scans, port.name = True, "JACK, a program"
    look("USB", "JACK, a program")
    assert port.awaited is None
    look("USB")
    assert port.awaited == "JACK, a program"
    assert port.returns == 0
    look("USB", "JACK, a program")
    assert port.returns == 1
    assert told() == [("USB",), ("USB", "JACK, a program")]


def test_the_device_that_was_lost_is_taken_again_and_no_other(port, look):
    port.awaited = "USB"
    look("HDMI")
    assert port.returns == 0
    look("HDMI", "USB")
    assert port.returns == 1


def test_a_device_that_is_there_but_does_not_open_is_tried_for_ever_with_growing_pauses(port, look, now):
    port.awaited = "USB"
    tries = []
    for _ in range(2_000):
        before = port.returns
        look("USB")
        if port.returns > before:
            tries.append(now[0])
        now[0] += LOOK_SECONDS
    pauses = np.diff(tries)
    assert pauses[0] == LOOK_SECONDS
    assert (np.diff(pauses) >= 0.0).all()
    assert pauses[-1] == MAX_PAUSE_SECONDS
    assert len(tries) > 90


def test_a_device_is_tried_at_once_when_something_has_changed(port, look):
    port.awaited = "USB"
    for _ in range(5):
        look("USB")
    assert port.returns == 1
    look()
    look("USB")
    assert port.returns == 2
    port.awaited = None
    look("USB")
    port.awaited = "USB"
    look("USB")
    assert port.returns == 3


def test_whoever_had_no_device_takes_the_first(port, look):
    port.awaited = ANY_DEVICE
    look()
    assert port.returns == 0
    look("USB")
    assert port.returns == 1


@pytest.fixture
def scanner_with(tmp_path):
    """Make a scanner that runs another script."""
    scanners = []

    def make(text, answer_seconds=60.0):
        script = tmp_path / "scan.py"
        script.write_text(text)
        scanners.append(DeviceScanner(script, answer_seconds))
        return scanners[-1]

    yield make
    for scanner in scanners:
        scanner.close()


def test_a_scanner_that_was_killed_is_started_again(scanner_with):
    scanner = scanner_with('import sys\nfor _ in sys.stdin: print(\'[{"name": "USB"}]\', flush=True)')
    assert scanner.devices() == [{"name": "USB"}]
    first = scanner.process_id
    assert scanner.devices() == [{"name": "USB"}]
    assert scanner.process_id == first
    os.kill(first, signal.SIGKILL)
    os.waitid(os.P_PID, first, os.WEXITED | os.WNOWAIT)
    with pytest.raises(OutputError, match="does not say which"):
        scanner.devices()
    assert scanner.devices() == [{"name": "USB"}]


def test_a_scanner_that_hangs_holds_nobody_up_for_long(scanner_with):
    scanner = scanner_with("import time; time.sleep(600)", answer_seconds=0.05)
    with pytest.raises(OutputError, match="does not say which"):
        scanner.devices()


def test_a_scanner_that_a_busy_machine_lets_wait_is_given_more_time(scanner_with):
    program = "import sys, time\ntime.sleep(1.2)\nfor _ in sys.stdin: print('[]', flush=True)"
    scanner = scanner_with(program, answer_seconds=1.0)
    for _ in range(8):
        try:
            assert scanner.devices() == []
            return
        except OutputError:
            continue
    raise AssertionError("it is ended again and again before it can answer")


def test_closing_ends_a_question_that_waits(scanner_with):
    scanner = scanner_with("import time; time.sleep(600)")
    refusals = []

    def ask():
        with pytest.raises(OutputError) as refusal:
            scanner.devices()
        refusals.append(refusal)

    thread = threading.Thread(target=ask)
    thread.start()
    while scanner.process_id is None:
        time.sleep(0.001)
    scanner.close()
    thread.join(30.0)
    assert refusals
    with pytest.raises(OutputError, match="ending"):
        scanner.devices()


def test_what_the_scanner_complains_of_is_passed_on(scanner_with):
    scanner = scanner_with("import sys\nfor _ in sys.stdin: print('\"PortAudio is not installed\"', flush=True)")
    with pytest.raises(OutputError, match="PortAudio is not installed"):
        scanner.devices()


def test_the_real_scanner_answers_again_and_again_and_ends_with_the_engine(lack):
    scanner = DeviceScanner()
    try:
        first = scanner.devices()
    except OutputError as error:
        lack(str(error))
    assert isinstance(first, list)
    assert isinstance(scanner.devices(), list)
    process = scanner.process_id
    scanner.close()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
