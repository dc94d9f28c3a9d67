"""A phone on another machine, as near as one machine comes to it: two network namespaces and the cable between them."""

import ctypes
import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from aitunes.osc.address import answering
from instrument.web.osc_socket import MAX_SILENT_SECONDS

SECONDS = 60.0
PROGRAM = Path(__file__).with_name("far_phone.py")
LIBC = ctypes.CDLL(None, use_errno=True)


def ip(*words, check=True):
    return subprocess.run(["ip", *words], check=check, capture_output=True, text=True)


class Network:
    """The instrument's namespace, the phone's, and a cable; this machine's own network never sees any of it.

    Browsers of other tests would: they give up what they load when an interface comes or goes.
    """

    def __init__(self):
        number = os.getpid() % 10_000
        self.instrument, self.phone = f"aitunes-{number}a", f"aitunes-{number}b"

    def open(self):
        for name in (self.instrument, self.phone):
            ip("netns", "add", name)
        cable = ("name", "near", "type", "veth", "peer", "name", "far", "netns", self.phone)
        ip("-n", self.instrument, "link", "add", *cable)
        for name, end, address in ((self.instrument, "near", "10.77.0.1/24"), (self.phone, "far", "10.77.0.2/24")):
            ip("-n", name, "address", "add", address, "dev", end)
            for link in ("lo", end):
                ip("-n", name, "link", "set", link, "up")
        for name, gateway in ((self.instrument, "10.77.0.2"), (self.phone, "10.77.0.1")):
            ip("-n", name, "route", "add", "default", "via", gateway)

    @contextmanager
    def entered(self):
        """Put this thread into the instrument's namespace, and with it the processes and sockets that it makes."""
        with Path("/proc/thread-self/ns/net").open() as before, Path("/run/netns", self.instrument).open() as inside:
            enter(inside)
            try:
                yield self
            finally:
                enter(before)

    def cut(self):
        ip("-n", self.instrument, "link", "set", "near", "down")

    def close(self):
        for name in (self.instrument, self.phone):
            ip("netns", "delete", name, check=False)


def enter(namespace):
    if LIBC.setns(namespace.fileno(), 0):
        raise OSError(ctypes.get_errno(), "setns")


@pytest.fixture
def network(lack):
    if shutil.which("ip") is None:
        lack("a second network namespace needs `ip`; apt-get install iproute2")
    made = Network()
    try:
        made.open()
    except subprocess.CalledProcessError as error:
        made.close()
        pytest.skip(f"this system allows no second network namespace: {error.stderr.strip()}")
    with made.entered():
        yield made
    made.close()


@pytest.fixture
def phone(network, fresh):
    """Return the lines of a phone that has scanned a code, on the other side of the cable."""
    fresh.client.command("/aitunes/release/load", "notes")
    answer = httpx.post(f"{fresh.origin}/api/v1/phones", json={}, timeout=SECONDS).raise_for_status()
    place, token = answer.json()["url"].split("/#pair=")
    words = [sys.executable, str(PROGRAM), place, token, str(fresh.client.engine[1])]
    process = subprocess.Popen(["ip", "netns", "exec", network.phone, *words], stdout=subprocess.PIPE, text=True)
    yield (json.loads(line) for line in process.stdout)
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_phone_in_another_network_plays_and_nothing_more_and_its_notes_end_with_the_cable(network, fresh, phone):
    assert len(answering("0.0.0.0")) > 1
    fresh.client.command("/notify", 1)
    told = {}
    for line in phone:
        told |= line
        if "plays" in told:
            break
    assert told == {
        "page": 200,  # the files are no secret
        "before": [401, 401, 401],
        "session": 401,
        "loopback": [False, False],
        "paired": 200,
        "after": [200, 403, 403],
        "train": 403,
        "named": 403,
        "refused": "/aitunes/device/set",
        "plays": True,
    }
    assert fresh.client.expect("/aitunes/note", SECONDS) == [60, 100, 77]
    with pytest.raises(AssertionError, match="no /aitunes/note"):  # which it holds for as long as it is there
        fresh.client.expect("/aitunes/note", MAX_SILENT_SECONDS + 2.0)
    fresh.client.send("/notify", 1)
    network.cut()
    assert fresh.client.expect("/aitunes/note", MAX_SILENT_SECONDS + 11.0) == [60, 0, 77]
