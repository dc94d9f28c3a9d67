"""Attacks by too much at once: notes, events for later, and an ending while helpers hear nothing."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time

from aitunes.osc.packets import build, bundle
from benchmarks.attacks.target import NotTriedError, Target, require

_NOTES_A_SECOND, _NOTE_SECONDS = 3_000, 5.0
_ENDING_SECONDS = 4.0
"""Is a second more than is promised, for the busy machine of a test."""


def notes(target: Target) -> str:
    """Three thousand notes a second, a third of them ends, for five seconds; then all end."""
    with target.udp() as sender, target.client() as client:
        client.send("/aitunes/drone", False)  # another attack may have switched it on, and it ends with no note
        before, longest = client.ask("/status").arguments[0], 0.0
        count, begin = 0, time.monotonic()
        while (now := time.monotonic()) < begin + _NOTE_SECONDS:
            while count < (now - begin) * _NOTES_A_SECOND:
                sender.send(build("/aitunes/note", 50 + count % 40, 100 if count % 3 else 0))
                count += 1
            asked = time.monotonic()
            underruns = client.ask("/status", timeout_seconds=20.0).arguments[0] - before
            longest = max(longest, time.monotonic() - asked)
            time.sleep(0.002)
        client.send("/aitunes/notes/off")
        client.subscribe()
        quiet = time.monotonic() + 10.0
        while time.monotonic() < quiet:
            levels = [message.arguments[1] for message in client.messages(0.2) if message.address == "/aitunes/meter"]
            if levels and levels[-1] < -60.0:
                break
        else:
            require(False, "notes go on after /aitunes/notes/off")
    require(longest < 2.0, f"/status took {longest:.1f} s")
    return f"{count:,} notes: /status took {longest:.2f} s at most, the ring was empty {underruns} times"


def held_events(target: Target) -> str:
    """Have one program fill what is held for later; then an honest bundle of another one comes."""
    with target.udp() as sender, target.client() as client:
        for n in range(4_500):
            sender.send(bundle([build("/aitunes/notes/off")], time.time() + 20.0))
            if n % 100 == 0:
                time.sleep(0.02)
        client.send_datagram(bundle([build("/aitunes/gain", -9.0)], time.time() + 0.3))
        time.sleep(1.5)
        held, (gain,) = client.ask("/status").arguments[15], client.ask("/aitunes/gain").arguments
        client.send("/clearSched")
    require(gain == -9.0, f"another program's bundle is refused while {held} events are held")
    return f"{held:,} events of one program are held, another one's bundle applies"


def stopped_helpers(target: Target) -> str:
    """Stop web server and MIDI of an engine with SIGSTOP, and ask it to end."""
    if not hasattr(signal, "SIGSTOP"):
        raise NotTriedError("this system stops no processes")
    command = [sys.executable, "-m", "instrument", "play", "--output", "none", "--no-pad", "--osc-port", "0"]
    took = []
    for _ in range(2):
        engine = subprocess.Popen(
            [*command, "--http-port", "0"],
            env={**os.environ, "AITUNES_HOME": str(target.home)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert engine.stderr is not None
        for line in engine.stderr:
            if re.search("The page is at", line):
                break
        helpers = _children(engine.pid)
        for helper in helpers:
            os.kill(helper, signal.SIGSTOP)
        begin = time.monotonic()
        engine.terminate()
        status = engine.wait(60.0)
        took.append(time.monotonic() - begin)
        engine.stderr.close()
        left = [helper for helper in helpers if _is_alive(helper)]
        for helper in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(helper, signal.SIGKILL)
        require(status == 0, f"it ended with {status}")
        require(not left, f"{len(left)} of {len(helpers)} helpers are left")
    require(max(took) < _ENDING_SECONDS, f"it took {max(took):.2f} s")
    return f"ended {max(took):.2f} s after it was asked at most, no helper is left"


def _children(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False)
    return [int(word) for word in listed.stdout.split()]


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
