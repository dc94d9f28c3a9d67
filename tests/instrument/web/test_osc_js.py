"""Tests the page's own OSC against packets that Python writes, in Node."""

import json
import shutil
import struct
import subprocess
from pathlib import Path

import numpy as np
import pytest

import instrument
from aitunes.osc.packets import build, bundle

pytestmark = pytest.mark.node
STATIC = Path(instrument.__file__).parent / "web" / "static"
SCRIPT = Path(__file__).with_name("osc_round_trips.mjs")


@pytest.fixture
def in_node(need, tmp_path):
    """Return a function that has the page's reader decode datagrams and encode them again."""
    node = need("node", "nodejs")
    shutil.copy(STATIC / "osc.js", tmp_path)
    (tmp_path / "package.json").write_text('{"type": "module"}')

    def run(*datagrams):
        question = json.dumps([datagram.hex() for datagram in datagrams])
        command = [node, str(SCRIPT), str(tmp_path / "osc.js")]
        ran = subprocess.run(command, input=question, capture_output=True, text=True, timeout=60, check=True)
        return json.loads(ran.stdout)

    return run


SCOPE = struct.pack(">64f", *np.linspace(-120.0, 0.0, 64))
MESSAGES = [
    ("/aitunes/pad/xy", 0.25, 0.75),
    ("/aitunes/note", 60, 100, 7),
    ("/aitunes/drone", True),
    ("/aitunes/freeze", False),
    ("/aitunes/snapshot/save", "für Elise ♯"),
    ("/aitunes/snapshot/save", "abc"),
    ("/aitunes/snapshot/save", "abcd"),
    ("/aitunes/scope", SCOPE),
    ("/aitunes/scope", b"\x01\x02\x03"),
    ("/aitunes/panic",),
    ("/x", ("d", 48_000.125), ("h", -(2**62))),
    ("/aitunes/latent", *[float(n) for n in range(-8, 8)]),
]


def _plain(value):
    if isinstance(value, bytes):
        return {"blob": value.hex()}
    if isinstance(value, tuple):
        return {"whole": str(value[1])} if value[0] == "h" else value[1]  # JavaScript's numbers have 53 bits
    return value


def test_messages_of_every_type_come_through_unchanged(in_node):
    datagrams = [build(*message) for message in MESSAGES]
    for (address, *arguments), datagram, answer in zip(MESSAGES, datagrams, in_node(*datagrams), strict=True):
        assert answer["again"] == datagram.hex()
        (message,) = answer["messages"]
        assert message["address"] == address
        assert message["values"] == [_plain(argument) for argument in arguments]


def test_time_tags_keep_all_their_bits(in_node):
    tag = 2**63 + 12345
    (answer,) = in_node(b"/x\0\0,t\0\0" + struct.pack(">Q", tag))
    assert answer["messages"][0]["values"] == [{"whole": str(tag)}]


def test_bundles_come_through_unchanged(in_node):
    elements = [build("/aitunes/gain", -12.0), build("/aitunes/note", 60, 0)]
    flat, nested = bundle(elements), bundle([build("/a"), bundle(elements)])
    first, second = in_node(flat, nested)
    assert first["again"] == flat.hex()
    assert [message["address"] for message in second["messages"]] == ["/a", "/aitunes/gain", "/aitunes/note"]


def _nested(depth):
    packet = build("/a")
    for _ in range(depth):
        packet = bundle([packet])
    return packet


def test_bytes_that_are_no_osc_are_refused_with_a_sentence(in_node, rng):
    whole = build("/aitunes/scope", SCOPE)
    damaged = [whole[:n] for n in range(0, len(whole), 4)] + [_nested(9), b"#bundle\0" + bytes(8) + b"\xff" * 8]
    answers = in_node(*damaged, _nested(8))
    # A message without types is one that asks, as old programs send it.
    bare = len(build("/aitunes/scope")) - 4
    assert [answer["error"].split(":")[0] for n, answer in enumerate(answers[:-1]) if 4 * n != bare] == [
        "PacketError"
    ] * (len(damaged) - 1)
    assert "error" not in answers[-1]


def test_random_bytes_never_harm_the_reader(in_node, rng):
    datagrams = [b"/" + rng.bytes(int(size)) for size in rng.integers(0, 60, 500)]
    for answer in in_node(*datagrams):
        assert "again" in answer or answer["error"].split(":")[0] == "PacketError"
