"""A desk for what a performer sends: messages in their order, and the notes that they leave sounding."""

import itertools

import pytest

from instrument.midi.parser import Parser
from instrument.midi.performer import BEND, NOTE, PRESSURE, TIMBRE, Performer


class Desk:
    """Plays MIDI bytes and keeps what the engine would be sent; `sounding` is what would sound."""

    def __init__(self):
        self.sent = []
        self.sounding = {}
        self.ended = {}
        self.parser = Parser()
        self.performer = Performer(self, itertools.count(1))

    def act(self, path, *values):
        self.sent.append((path, *values))
        if path == NOTE:
            key, velocity, number = values
            if velocity:
                assert number not in self.sounding
                self.sounding[number] = {"key": key, "velocity": velocity, BEND: 0.0, PRESSURE: 0.0, TIMBRE: 0.5}
            else:
                self.ended[number] = self.sounding.pop(number)
                assert self.ended[number]["key"] == key
        elif path in (BEND, PRESSURE, TIMBRE):
            self.sounding[values[0]][path] = values[1]

    stream = act

    def play(self, *data):
        """Play bytes given in hexadecimal."""
        for words in data:
            for message in self.parser.feed(bytes.fromhex(words)):
                self.performer.take(message)

    def notes(self, name):
        """Values of the notes that sound, in the order of their beginning."""
        return [note[name] for note in self.sounding.values()]


@pytest.fixture
def desk():
    return Desk()


@pytest.fixture(scope="session")
def new_desk():
    """The class; call it for a fresh one."""
    return Desk
