"""Devices open and close one after another, and one that hangs holds up nobody for long."""

import threading

import pytest

from instrument.outputs.closing import OutputCloser

DEADLINE_SECONDS = 60.0


class Device:
    """A device that closes, or starts, once it is let."""

    def __init__(self, name, happened):
        self.name, self._happened = name, happened
        self.may_end, self.closed = threading.Event(), threading.Event()

    def start(self):
        self._happened.append(f"{self.name} starts")

    def close(self):
        self._happened.append(f"{self.name} begins to close")
        self.may_end.wait(DEADLINE_SECONDS)
        self._happened.append(f"{self.name} has closed")
        self.closed.set()


@pytest.fixture
def happened():
    return []


@pytest.fixture
def devices(happened):
    devices = [Device(name, happened) for name in ("input", "output", "lost")]
    yield devices
    for device in devices:
        device.may_end.set()


def test_input_and_output_that_close_together_close_one_after_another(devices, happened):
    closer = OutputCloser()
    for device in devices:
        closer.close(device)
        device.may_end.set()
    assert all(device.closed.wait(DEADLINE_SECONDS) for device in devices)
    names = [device.name for device in devices]
    assert happened == [f"{name} {what}" for name in names for what in ("begins to close", "has closed")]


def test_a_device_starts_when_the_one_before_it_has_closed(devices, happened):
    closer = OutputCloser()
    first, second, _ = devices
    closer.close(first)
    threading.Timer(0.2, first.may_end.set).start()
    closer.start(second)
    assert happened == ["input begins to close", "input has closed", "output starts"]


def test_one_that_hangs_holds_up_the_next_for_a_second_and_no_longer(devices, happened):
    closer = OutputCloser()
    hanging, second, third = devices
    closer.close(hanging)
    closer.close(second)
    second.may_end.set()
    assert second.closed.wait(DEADLINE_SECONDS)
    assert not hanging.closed.is_set()
    assert closer.hanging
    closer.start(third)
    assert happened[-1] == "lost starts"
