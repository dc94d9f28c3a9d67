"""Ports that come and go, in systems that come and go."""

import doctest

import pytest

from instrument.midi import port_watch
from instrument.midi.port_watch import PortWatch
from instrument.midi.ports import OWN_NAME, MidiError


class Desktop:
    """A MIDI system whose plugs a test pulls."""

    def __init__(self, name="desktop"):
        self.name, self.alive, self.plugged, self.opened, self.sent = name, True, [], [], []
        self.refuses = set()

    def inputs(self):
        return list(self.plugged)

    outputs = inputs

    def open_own(self):
        return [OWN_NAME]

    def open_input(self, name):
        if name in self.refuses:
            raise MidiError(f"{name} cannot be opened.")
        self.opened.append(name)

    def close_input(self, name):
        if name != OWN_NAME:
            self.opened.remove(name)

    def send(self, name, data):
        self.sent.append((name, data))

    def transport(self):
        return None

    def take_missed(self):
        return 0

    def close(self):
        self.opened.clear()


@pytest.fixture
def desktop():
    return Desktop()


@pytest.fixture
def watch(desktop):
    closed, said = [], []
    watch = PortWatch(None, closed.append, said.append, [lambda _: desktop])
    watch.closed, watch.said = closed, said
    return watch


def test_the_examples_in_the_documentation_hold():
    assert doctest.testmod(port_watch).failed == 0


def test_an_input_is_opened_when_it_appears_and_forgotten_when_it_goes(desktop, watch):
    watch.scan()
    assert (watch.inputs, desktop.opened) == ([], [])
    desktop.plugged = ["keys", "pads"]
    watch.scan()
    watch.scan()
    assert sorted(desktop.opened) == ["keys", "pads"]
    desktop.plugged = ["pads"]
    watch.scan()
    assert (watch.inputs, desktop.opened, watch.closed) == (["pads"], ["pads"], ["keys"])
    desktop.plugged = ["pads", "keys"]
    watch.scan()
    assert sorted(watch.inputs) == ["keys", "pads"]


def test_an_input_that_another_program_holds_is_told_once_and_tried_when_it_is_plugged_in_again(desktop, watch):
    desktop.plugged, desktop.refuses = ["keys"], {"keys"}
    watch.scan()
    watch.scan()
    assert watch.said == ["keys cannot be opened."]
    desktop.plugged = []
    watch.scan()
    desktop.plugged, desktop.refuses = ["keys"], set()
    watch.scan()
    assert watch.inputs == ["keys"]


def test_a_system_that_ends_takes_its_inputs_along_and_comes_back():
    systems, closed = [Desktop()], []

    def open_system(receive):
        if systems[-1].alive:
            return systems[-1]
        raise MidiError("No JACK server runs.")

    systems[0].plugged = ["keys"]
    watch = PortWatch(None, closed.append, lambda line: None, [open_system])
    watch.scan()
    systems[0].alive = False
    watch.scan()
    assert closed == [OWN_NAME, "keys"]
    assert (watch.inputs, watch.systems) == ([], [])
    systems.append(Desktop())
    systems[1].plugged = ["keys"]
    watch.scan()
    assert (watch.inputs, systems[1].opened) == (["keys"], ["keys"])


def test_a_keyboard_that_two_systems_have_plays_once():
    first, second = Desktop("JACK"), Desktop("ALSA")
    second.plugged = ["keys"]
    watch = PortWatch(None, lambda name: None, lambda line: None, [lambda _: first, lambda _: second])
    watch.scan()
    assert second.opened == ["keys"]
    first.plugged = ["a2j:keys"]
    watch.scan()
    assert (first.opened, second.opened) == (["a2j:keys"], [])
