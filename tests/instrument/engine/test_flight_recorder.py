"""Every interruption gets its cause, on a simulated clock."""

import contextlib
import json
import math
import os
import subprocess
import sys
import threading
import time

import pytest

from instrument.doctor.trace import trace
from instrument.engine.flight_recorder import FlightRecorder, Meters
from instrument.outputs.pacing import Pacing
from instrument.scheduling import SWITCH_SECONDS, tuned_interpreter

HOP = 0.003
RESERVE = 0.006


class Machine:
    """A machine whose hops take what the test says."""

    def __init__(self, hops=64):
        self.now = self.thread = self.process = 0.0
        self.switches = self.faults = self.voluntary = 0
        self.worked = {"synth": 0.0, "osc-receive": 0.0, "worker": 0.0}
        self.buffered, self.underruns = RESERVE, 0
        meters = Meters(
            lambda: self.now,
            lambda: self.thread,
            lambda: self.process,
            lambda: (self.switches, self.faults, self.voluntary),
            lambda: dict(self.worked),
        )
        self.recorder = FlightRecorder(meters, hops)
        self.recorder.begin()

    def others_work(self, seconds, thread="worker"):
        self.worked[thread] += seconds
        self.process += seconds

    def hold_interpreter(self, seconds):
        """The synth's thread is awake meanwhile and asks for it, each time a little after it may."""
        self.voluntary += round(seconds / (1.5 * SWITCH_SECONDS))

    def hop(self, work=0.001, stall=0.0, late=0.0, decoded=0.0, handled=(0, 0.0), device=0.0):
        """One hop: the output wants it in time or `late`; it takes `work` with the processor and `stall` without."""
        waited = self.now
        self.voluntary += 1
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
        self.recorder.add(waited, woke, work + stall, decoded, handled, buffered, self.underruns, HOP, late)

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
    machine.hold_interpreter(0.007)
    machine.hop(late=0.007)
    kind, said = cause(machine)
    assert kind == "interpreter"
    assert said == "the thread osc-receive of the engine held the interpreter for 7.0 ms"


def test_a_thread_that_works_beside_a_machine_that_stands_still_held_nothing(machine):
    machine.others_work(0.007, "osc-receive")
    machine.hop(late=0.007)
    assert cause(machine) == ("machine", "the machine stood still for 7.0 ms")


def test_a_thread_that_holds_the_interpreter_and_waits_itself_is_none_of_those_that_worked(machine):
    machine.others_work(0.0005, "osc-receive")
    machine.hold_interpreter(0.007)
    machine.hop(late=0.007)
    assert cause(machine) == ("interpreter", "another thread of the engine held the interpreter for 7.0 ms")


@pytest.mark.parametrize(("seconds_before", "kind"), [(0.0, "interpreter"), (0.004, "machine")])
def test_where_switches_are_not_counted_only_work_in_the_lost_time_counts(machine, seconds_before, kind):
    machine.voluntary = math.nan
    machine.hop()  # after which it is NaN
    machine.hop(late=0.004)
    if seconds_before:
        machine.others_work(seconds_before)
        machine.hop(late=0.0002)
    else:
        machine.others_work(0.004)
    machine.hop(late=0.004)
    assert cause(machine)[0] == kind


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


class BlockMachine(Machine):
    """A machine whose device takes blocks of many hops, played by the pacing that plays devices, on its clock."""

    def __init__(self, block):
        super().__init__(hops=2_048)
        self.block, self.callback, self.taken = block, block, 0.0
        self.ring, self.dry = 2.0 * block, False
        self.pacing = Pacing(block, 0.0, 0.0)
        self.freeze = 0.0  # with the next nap

    def pass_time(self, seconds):
        """Let the clock go on; the device takes a block at each callback, and drops a ring that has too little."""
        end = self.now + seconds
        while self.callback <= end:
            self.now = max(self.now, self.callback)
            self.callback += self.block
            self.dry = self.dry or self.ring < self.block - 1e-9
            if not self.dry:
                self.ring -= self.block
                self.taken += self.block
        self.now = end

    def hop(self, work=0.001, stall=0.0):
        """One hop, played as `DeviceOutput` does."""
        waited = self.now
        if self.dry:
            self.underruns += 1
            self.ring, self.dry = max(self.ring, self.block + self.pacing.reserve.seconds), False
            self.pacing.restart(self.now, self.taken)
        due = self.now
        while (surplus := self.surplus()) > 0.0:
            nap = self.pacing.nap(surplus)
            due = self.now + max(surplus, nap)
            self.pass_time(nap + self.freeze)
            self.freeze = 0.0
        overslept = max(0.0, self.now - due) if due > waited else 0.0
        woke, buffered = self.now, self.pacing.until_taken(self.now, self.ring)
        self.pass_time(work + stall)
        self.thread += work
        self.process += work
        self.ring += HOP
        self.recorder.add(waited, woke, work + stall, 0.0, (0, 0.0), buffered, self.underruns, HOP, overslept)

    def surplus(self):
        self.pacing.look(self.now, self.taken)
        return self.pacing.surplus(self.now, self.ring)


@pytest.fixture(params=[0.02, 0.085, 0.17, 0.34])
def blocks(request):
    made = BlockMachine(request.param)
    for _ in range(1_000):
        made.hop()
    assert made.underruns == 0
    return made


def until_a_cause(machine, **hop):
    for _ in range(3_000):
        machine.hop(**hop)
        if machine.recorder.causes:
            return machine.recorder.causes[0]
    raise AssertionError("nothing was interrupted")


def test_waiting_for_a_large_block_is_no_time_that_the_machine_lost(blocks):
    blocks.callback -= 0.9 * blocks.block  # the device asks for the next block almost with the last one
    assert until_a_cause(blocks).kind == "device"


def test_hops_that_are_too_dear_for_a_large_block_are_not_the_machines_fault(blocks):
    assert until_a_cause(blocks, work=1.1 * HOP).kind in ("hop", "device")


def test_a_machine_that_stands_still_under_a_large_block_is_named(blocks):
    blocks.freeze = 3.0 * blocks.block
    kind, seconds = until_a_cause(blocks).kind, float(blocks.recorder.last_sentence.split()[-2]) / 1e3
    assert kind == "machine"
    assert seconds == pytest.approx(3.0 * blocks.block, abs=blocks.block + 0.01)


@pytest.mark.parametrize("jump", [-3e8, -1.0, 1e-9, 3e8])
def test_a_clock_that_jumps_leaves_sentences_and_a_trace(machine, jump):
    machine.now += jump
    machine.hop(late=0.007)
    for _ in range(20):
        machine.hop()
    assert all(one.sentence for one in machine.recorder.causes)
    json.dumps(trace(machine.recorder.hops(), machine.recorder.causes), allow_nan=False)


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


class Hops:
    """Real hops of 3 ms on this thread, without a sound: each sleeps, and the test says what comes between."""

    def __init__(self):
        self.recorder, self.underruns = FlightRecorder(), 0
        self.recorder.begin()

    def hop(self, between=lambda: None):
        begin = time.perf_counter()
        between()
        time.sleep(HOP)
        woke = time.perf_counter()
        late = woke - begin - HOP
        self.underruns += late > 5 * HOP
        buffered = RESERVE if late <= 5 * HOP else 0.0
        self.recorder.add(begin, woke, 0.0, 0.0, (0, 0.0), buffered, self.underruns, HOP, late)

    def until_interrupted(self, between):
        for _ in range(8):
            self.hop()
        self.recorder.look()
        self.hop(between)
        for _ in range(1_000):
            if self.recorder.causes:
                return self.recorder.causes[-1]
            self.hop()
        raise AssertionError("nothing was interrupted")


@contextlib.contextmanager
def holder():
    """Run a thread that holds the interpreter once; yields how to begin that."""
    begin = threading.Event()

    def hold():
        begin.wait()
        sum(range(10_000_000))  # in one instruction, without a look at who waits

    thread = threading.Thread(target=hold, name="holder")
    thread.start()
    yield begin.set
    begin.set()
    thread.join()


@pytest.mark.skipif(sys.platform != "linux", reason="voluntary switches are counted under Linux")
def test_a_thread_that_really_holds_the_interpreter_is_named():
    expected = "the thread holder of the engine held the interpreter for "
    for _ in range(20):  # other programs may take the processor meanwhile, and then they are named
        with tuned_interpreter(), holder() as hold:
            interruption = Hops().until_interrupted(hold)
        if interruption.sentence.startswith(expected):
            return
    raise AssertionError(interruption.sentence)


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux")
def test_a_process_that_really_stands_still_is_no_thread_s_fault():
    def stop():
        command = f"kill -STOP {os.getpid()}; sleep 0.2; kill -CONT {os.getpid()}"
        stoppers.append(subprocess.Popen(["sh", "-c", command]))

    stoppers = []
    ended = threading.Event()

    def publish():
        while not ended.wait(0.001):
            sum(range(1_000))

    thread = threading.Thread(target=publish, name="osc-publish")
    thread.start()
    with tuned_interpreter():
        interruption = Hops().until_interrupted(stop)
    ended.set()
    thread.join()
    stoppers[0].wait()
    assert interruption.kind == "machine"
