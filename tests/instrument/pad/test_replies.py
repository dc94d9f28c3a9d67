"""Tests that messages which no engine sends are refused before they are used."""

import random
import socket

import numpy as np
import pytest

from aitunes.osc.packets import build
from instrument.namespace import ROOT, TABLE, MessageError
from instrument.pad.replies import MAX_NAME, MAX_SENTENCE, ReplyChecker
from tests.instrument.pad.conftest import STATUS

JUNK = (
    0, -1, 7, 2**31 - 1, -(2**31), 0.0, -1e38, 3e38, float("nan"), float("inf"), -float("inf"), "", "x", "x" * 60_000,
    "<img src='file:///dev/zero'>", "\x1b[2J\n", True, False, b"\0", b"\xff" * 1_024, ("d", 1e308), ("h", 2**62),
)  # fmt: skip
PATHS = [row.path.replace("{n}", n) for row in TABLE for n in ("0", "99", "9999999", "-1", "x")]
PATHS += ["/status.reply", "/done", "/fail", "/error", "/", "/x", f"{ROOT}/latent/" + "9" * 5_000]
PATHS += [f"{ROOT}/{kind}" for kind in ("release", "snapshot", "gesture", "device", "new")]


@pytest.fixture
def checker():
    return ReplyChecker(latent_dim=3)


@pytest.mark.parametrize(
    ("address", "arguments"),
    [
        ("/status.reply", ["many", 0]),
        ("/status.reply", [0, 0, 0, 1, float("nan")]),
        ("/done", []),
        ("/done", [7]),
        ("/done", ["/aitunes/record/start"]),
        ("/done", ["/aitunes/quality", "x", "y"]),
        ("/done", ["/aitunes/snapshot/save", "x" * (MAX_NAME + 1)]),
        ("/fail", ["/aitunes/gain"]),
        ("/fail", [1, 2]),
        ("/aitunes/meter", [0.0]),
        ("/aitunes/meter", [float("nan"), 0.0]),
        ("/aitunes/scope", [1.0]),
        ("/aitunes/scope", [b""]),
        ("/aitunes/scope", [b"\0\0\0"]),
        ("/aitunes/scope", [np.full(64, np.nan, ">f4").tobytes()]),
        ("/aitunes/scope", [bytes(8_192)]),
        ("/aitunes/latent/1", ["x"]),
        ("/aitunes/latent/1", [float("inf")]),
        ("/aitunes/latent", []),
        ("/aitunes/pad/axes", [0]),
        ("/aitunes/release", ["tiny", "Tiny", "", "three"]),
        ("/aitunes/snapshot", [3]),
        ("/aitunes/envelope", [0.1]),
    ],
)
def test_a_reply_of_another_form_is_refused(checker, address, arguments):
    with pytest.raises(MessageError):
        checker.check(address, arguments)


def test_values_beyond_their_range_are_clipped_and_texts_cut(checker):
    assert checker.check("/aitunes/gain", [1e30]) == [6.0]
    assert checker.check("/aitunes/quality", [10**9, -5]) == [64, 0]
    assert checker.check("/aitunes/meter", [1e30, -1e30]) == [0.0, -120.0]
    assert checker.check("/fail", ["/aitunes/gain", "\x1b[2J" + "x" * 10_000])[1][:9] == r"\x1b[2Jxx"
    assert len(checker.check("/error", ["x" * 10_000])[0]) == MAX_SENTENCE


def test_addresses_of_newer_engines_are_passed_over(checker):
    assert checker.check("/aitunes/new", [1, 2, 3]) is None
    assert checker.check("/aitunes/latent/3", [0.0]) is None
    assert checker.check("/done", ["/aitunes/new", 1]) is None
    assert checker.check("/aitunes/release", ["tiny", "Tiny", "", 3, "more"]) == ["tiny", "Tiny", "", 3]


def test_nonsense_from_the_engines_port_is_one_sentence_and_no_traceback(window, peer, qtbot, clock):
    said = []
    window.session.model.message.connect(said.append)
    peer.say("/aitunes/gain", "loud")
    peer.say("/aitunes/meter", "loud")
    assert len(said) == 1
    assert said[0].endswith("Does another program use the port?")
    clock.now += 10.0
    peer.say("/aitunes/gain")
    assert len(said) == 2
    assert "has sent 3 messages that no engine sends, such as /aitunes/gain" in said[1]


def test_a_flood_of_random_messages_leaves_a_window_that_works(window, peer, qtbot):
    """Exceptions in slots and in paint events would fail the test: pytest-qt catches them."""
    choose = random.Random(11)
    address = peer.pad
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for n in range(4_000):
            message = build(choose.choice(PATHS), *choose.choices(JUNK, k=choose.choice((0, 1, 1, 2, 2, 3, 4, 15))))
            # One in two from the engine's own port; what comes from elsewhere, the system drops.
            (peer if n % 2 else stranger).sendto(message[:65_000], address)
            if n % 50 == 0:
                window.repaint()
                qtbot.wait(1)
    peer.say("/status.reply", *STATUS)
    peer.say("/aitunes/gain", -12.0)
    qtbot.waitUntil(lambda: window.session.model.value("/gain") == -12.0, timeout=60_000)
    assert window.session.link.connected
