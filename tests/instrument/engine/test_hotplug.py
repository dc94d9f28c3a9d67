"""Devices that come and go are told of once, and the one that was lost is taken again."""

import os
import signal
from types import SimpleNamespace

import pytest

from instrument.engine import hotplug
from instrument.engine.changes import ANY_DEVICE
from instrument.engine.hotplug import DeviceScanner, DeviceWatch
from instrument.engine.publisher import Publisher
from instrument.outputs import OutputError


class Engine:
    """What the watch needs of an engine, and what it did to it."""

    def __init__(self):
        self.publisher, self.output, self.osc = Publisher(), SimpleNamespace(feels_scans=False), None
        self.changes = SimpleNamespace(awaited=None, return_to_device=lambda: None)
        self.returns = 0

    def soon(self, call):
        assert call is self.changes.return_to_device
        self.returns += 1

    def told(self):
        notices, self.publisher._notices = list(self.publisher._notices), type(self.publisher._notices)()
        assert all(notice.address == "/aitunes/device/changed" for notice in notices)
        return [notice.arguments for notice in notices]


@pytest.fixture
def engine():
    return Engine()


@pytest.fixture
def look(engine, monkeypatch):
    """Look, and see those devices, of which those with JACK in their names are JACK's."""
    monkeypatch.delitem(hotplug.sys.modules, "sounddevice", raising=False)
    names = []

    def devices(apart):
        hosts = {name: "JACK Audio Connection Kit" if "JACK" in name else "ALSA" for name in names}
        return [{"name": name, "host": host} for name, host in hosts.items() if host == "ALSA" or not apart]

    watch = DeviceWatch(engine, SimpleNamespace(devices=devices))

    def see(*there):
        names[:] = there
        watch.look()

    return see


def test_changes_are_told_once_with_all_that_is_there(engine, look):
    look("USB")
    assert engine.told() == []
    look("USB", "HDMI")
    look("USB", "HDMI")
    assert engine.told() == [("USB", "HDMI")]
    look()
    assert engine.told() == [()]


def test_while_it_plays_through_jack_the_others_are_followed_and_jack_is_left_alone(engine, look):
    look("USB", "JACK")
    engine.output.feels_scans = True
    look("USB", "JACK")
    assert engine.told() == []
    look("HDMI", "USB", "JACK, another")
    assert engine.told() == [("HDMI", "USB", "JACK")]
    engine.output.feels_scans = False
    look("JACK, another", "HDMI", "USB")
    assert engine.told() == [("JACK, another", "HDMI", "USB")]


def test_the_device_that_was_lost_is_taken_again_and_no_other(engine, look):
    engine.changes.awaited = "USB"
    look("HDMI")
    assert engine.returns == 0
    look("HDMI", "USB")
    assert engine.returns == 1


def test_a_device_that_is_there_but_does_not_open_is_tried_again_when_something_has_changed(engine, look):
    engine.changes.awaited = "USB"
    for _ in range(5):
        look("USB")
    assert engine.returns == 1
    look()
    look("USB")
    assert engine.returns == 2
    engine.changes.awaited = None
    look("USB")
    engine.changes.awaited = "USB"
    look("USB")
    assert engine.returns == 3


def test_whoever_had_no_device_takes_the_first(engine, look):
    engine.changes.awaited = ANY_DEVICE
    look()
    assert engine.returns == 0
    look("USB")
    assert engine.returns == 1


@pytest.fixture
def scanner():
    scanner = DeviceScanner()
    yield scanner
    scanner.close()


@pytest.fixture
def scan_with(monkeypatch, tmp_path):
    """Put another script in the place of the one that looks."""

    def replace(text):
        (tmp_path / "scan.py").write_text(text)
        monkeypatch.setattr(hotplug.scan, "__file__", str(tmp_path / "scan.py"))
        monkeypatch.setattr(hotplug, "_ANSWER_SECONDS", 60.0)

    return replace


def test_a_scanner_that_was_killed_is_started_again(scanner, scan_with):
    scan_with('import sys\nfor _ in sys.stdin: print(\'[{"name": "USB"}]\', flush=True)')
    assert scanner.devices() == [{"name": "USB"}]
    first = scanner._process
    assert scanner.devices() == [{"name": "USB"}]
    assert scanner._process is first
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    with pytest.raises(OutputError, match="does not say which"):
        scanner.devices()
    assert scanner.devices() == [{"name": "USB"}]


def test_a_scanner_that_hangs_holds_nobody_up_for_long(scanner, scan_with, monkeypatch):
    scan_with("import time; time.sleep(600)")
    monkeypatch.setattr(hotplug, "_ANSWER_SECONDS", 0.05)
    with pytest.raises(OutputError, match="does not say which"):
        scanner.devices()


def test_what_the_scanner_complains_of_is_passed_on(scanner, scan_with):
    scan_with("import sys\nfor _ in sys.stdin: print('\"PortAudio is not installed\"', flush=True)")
    with pytest.raises(OutputError, match="PortAudio is not installed"):
        scanner.devices()


def test_the_real_scanner_answers_again_and_again_and_ends_with_the_engine(scanner, lack):
    try:
        first = scanner.devices()
    except OutputError as error:
        lack(str(error))
    assert isinstance(first, list)
    assert isinstance(scanner.devices(), list)
    process = scanner._process
    scanner.close()
    assert process.poll() is not None
