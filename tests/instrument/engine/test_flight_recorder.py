"""Every interruption gets its cause, on a simulated clock."""

import json

import pytest

from instrument.doctor.trace import trace
from instrument.engine.flight_recorder import FlightRecorder, Meters

HOP = 0.003
RESERVE = 0.006


class Machine:
    """A machine whose hops take what the test says."""

    def __init__(self, hops=64):
        self.now = self.thread = self.process = 0.0
        self.switches = self.faults = 0
        self.worked = {"synth": 0.0, "osc-receive": 0.0, "worker": 0.0}
        self.buffered, self.underruns = RESERVE, 0
        meters = Meters(
            lambda: self.now,
            lambda: self.thread,
            lambda: self.process,
            lambda: (self.switches, self.faults),
            lambda: dict(self.worked),
        )
        self.recorder = FlightRecorder(meters, hops)
        self.recorder.begin()

    def others_work(self, seconds, thread="worker"):
        self.worked[thread] += seconds
        self.process += seconds

    def hop(self, work=0.001, stall=0.0, late=0.0, decoded=0.0, handled=(0, 0.0), device=0.0):
        """One hop: the output wants it in time or `late`; it takes `work` with the processor and `stall` without."""
        waited = self.now
        wait = max(0.0, HOP - self._rendered) + late
        self.now += wait
        self.buffered -= wait + self._rendered - HOP + device
        if self.buffered <= 0.0:
            self.underruns += 1
            self.buffered = RESERVE
        woke, buffered = self.now, self.buffered if self._was_dry(device) else 0.0
        self.now += work + stall
        self.thread += work
        self.process += work
        self._rendered = work + stall
        self.recorder.add(waited, woke, work + stall, decoded, handled, buffered, self.underruns, HOP)

    _rendered = 0.001
    _seen = 0

    def _was_dry(self, device):
        dry = self.underruns > self._seen
        self._seen = self.underruns
        return not dry


@pytest.fixture
def machine():
    made = Machine()
    for _ in range(20):
        made.hop()
    made.recorder.look()
    return made


def cause(machine):
    (interruption,) = machine.recorder.causes
    return interruption.kind, interruption.sentence


def test_quiet_play_has_no_causes(machine):
    for _ in range(200):
        machine.hop()
    assert list(machine.recorder.causes) == []
    assert machine.recorder.last_sentence == ""


def test_a_late_wake_up_in_which_nobody_worked_is_the_machine(machine):
    machine.hop(late=0.007)
    assert cause(machine) == ("machine", "the machine stood still for 7.0 ms")


def test_a_stall_within_a_hop_is_the_machine(machine):
    machine.hop(stall=0.009)
    machine.hop()
    assert cause(machine) == ("machine", "the machine stood still for 9.0 ms")


@pytest.mark.parametrize(
    ("count", "sentence"),
    [("switches", "other programs took the processor"), ("faults", "the machine fetched memory from the disk")],
)
def test_the_system_says_what_the_machine_did(machine, count, sentence):
    setattr(machine, count, 1)
    machine.hop(late=0.007)
    kind, said = cause(machine)
    assert (kind, said) == ("machine", f"{sentence} for 7.0 ms")


def test_a_late_wake_up_while_another_thread_worked_is_the_interpreter_and_that_thread(machine):
    machine.others_work(0.007, "osc-receive")
    machine.others_work(0.0001, "worker")
    machine.hop(late=0.007)
    kind, said = cause(machine)
    assert kind == "interpreter"
    assert said == "the thread osc-receive of the engine held the interpreter for 7.0 ms"


@pytest.mark.parametrize(
    ("parts", "part"),
    [
        ({"decoded": 0.003}, "decoding"),
        ({"handled": (900, 0.003)}, "handling messages"),
        ({}, "phase reconstruction"),
    ],
)
def test_hops_that_work_longer_than_they_sound_are_too_dear(machine, parts, part):
    while not machine.recorder.causes:
        machine.hop(work=0.004, **parts)
    kind, said = cause(machine)
    assert kind == "hop"
    assert f"most of it for {part}" in said
    assert "fewer iterations" in said


def test_a_device_that_takes_more_than_its_share_asked_out_of_turn(machine):
    machine.hop(device=0.007)
    assert cause(machine)[0] == "device"


def test_memory_is_fixed_and_the_newest_hops_are_kept():
    machine = Machine(hops=32)
    for n in range(100):
        machine.hop(handled=(n, 0.0))
    assert [hop.events for hop in machine.recorder.hops()] == list(range(68, 100))
    assert [hop.events for hop in machine.recorder.hops(3)] == [97, 98, 99]
    for _ in range(50):
        machine.hop(late=0.007)
    assert len(machine.recorder.causes) == 16


def test_a_trace_has_every_hop_and_every_interruption(machine):
    machine.hop(late=0.007)
    written = json.loads(json.dumps(trace(machine.recorder.hops(), machine.recorder.causes)))
    events = written["traceEvents"]
    assert sum(event["name"] == "hop" for event in events) == 21
    assert [event["name"] for event in events if event["ph"] == "i"] == ["the machine stood still for 7.0 ms"]
    assert all(event["dur"] >= 0.0 for event in events if event["ph"] == "X")


def test_the_systems_own_meters_read_this_thread():
    recorder = FlightRecorder()
    recorder.begin()
    sum(n * n for n in range(20_000))
    recorder.add(0.0, 0.0, 0.0, 0.0, (0, 0.0), 0.0, 0, HOP)
    recorder.look()
    (hop,) = recorder.hops()
    assert hop.processor > 0.0
    assert hop.others < hop.processor
