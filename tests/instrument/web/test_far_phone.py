"""A phone on another machine, as near as one machine comes to it: a network namespace behind a cable of its own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from aitunes.osc.address import answering
from instrument.web.osc_socket import MAX_SILENT_SECONDS

SECONDS = 60.0
PROGRAM = Path(__file__).with_name("far_phone.py")


def ip(*words, check=True):
    return subprocess.run(["ip", *words], check=check, capture_output=True, text=True)


class Network:
    """A namespace and the cable that leads to it."""

    def __init__(self):
        number = os.getpid() % 10_000
        self.name, self.here, self.there = f"aitunes-{number}", f"ait{number}a", f"ait{number}b"
        self.gateway, self.phone = (f"10.77.{number % 250}.{host}" for host in (1, 2))

    def open(self):
        ip("netns", "add", self.name)
        ip("link", "add", self.here, "type", "veth", "peer", "name", self.there, "netns", self.name)
        ip("address", "add", f"{self.gateway}/24", "dev", self.here)
        ip("link", "set", self.here, "up")
        ip("-n", self.name, "address", "add", f"{self.phone}/24", "dev", self.there)
        for link in ("lo", self.there):
            ip("-n", self.name, "link", "set", link, "up")
        ip("-n", self.name, "route", "add", "default", "via", self.gateway)

    def cut(self):
        ip("link", "set", self.here, "down")

    def close(self):
        ip("link", "delete", self.here, check=False)
        ip("netns", "delete", self.name, check=False)


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
    yield made
    made.close()


@pytest.fixture
def phone(served, network):
    """Return the lines of a phone that has scanned a code, on the other side of the cable."""
    served.client.command("/aitunes/release/load", "notes")
    answer = httpx.post(f"{served.origin}/api/v1/phones", json={}, timeout=SECONDS).raise_for_status()
    place, token = answer.json()["url"].split("/#pair=")
    words = [sys.executable, str(PROGRAM), place, token, str(served.client.engine[1])]
    process = subprocess.Popen(["ip", "netns", "exec", network.name, *words], stdout=subprocess.PIPE, text=True)
    yield (json.loads(line) for line in process.stdout)
    process.kill()
    process.wait()
    process.stdout.close()
    served.client.command("/aitunes/release/load", "tiny")
    httpx.delete(f"{served.origin}/api/v1/phones", timeout=SECONDS)


def test_a_phone_in_another_network_plays_and_nothing_more_and_its_notes_end_with_the_cable(served, network, phone):
    assert len(answering("0.0.0.0")) > 1
    served.client.command("/notify", 1)
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
    assert served.client.expect("/aitunes/note", SECONDS) == [60, 100, 77]
    with pytest.raises(AssertionError, match="no /aitunes/note"):  # which it holds for as long as it is there
        served.client.expect("/aitunes/note", MAX_SILENT_SECONDS + 2.0)
    served.client.send("/notify", 1)
    network.cut()
    assert served.client.expect("/aitunes/note", MAX_SILENT_SECONDS + 11.0) == [60, 0, 77]
