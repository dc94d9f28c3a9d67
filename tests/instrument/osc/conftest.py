import pytest

from instrument.namespace import expand
from instrument.status import Status
from instrument.synthesis.timeline import Timeline

STATUS = Status(1, 2, 3, 4, 12.5, 40.0, 48_000.0, 47_999.5, 0.5, 12.0, 6.0, 3.0, "tiny", True, 24)


class FakeEngine:
    """Keeps what the dispatcher needs of an engine, and what it did to it."""

    def __init__(self):
        self.timeline = Timeline()
        self.rows = expand(3)
        self.ended = False

    def status(self):
        return STATUS

    def answer(self, events):
        return False

    def quit(self):
        self.ended = True

    def listen(self, peer, seconds):
        self.listener = peer, seconds

    def in_background(self, function):
        function()


@pytest.fixture(scope="session")
def fake_engine():
    """The class; call it for a fresh one."""
    return FakeEngine
