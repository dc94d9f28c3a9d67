"""Tests what training says to a playing engine, and what it makes of the answers."""

import threading
from socket import AF_INET, SOCK_DGRAM, socket

import pytest
from pythonosc.osc_message import OscMessage
from pythonosc.osc_message_builder import OscMessageBuilder

from aitunes.errors import TrainingError
from training.engine_link import LOAD, check_engine, engine_address, load_on_engine


def message(address, *values):
    builder = OscMessageBuilder(address)
    for value in values:
        builder.add_arg(value)
    return builder.build().dgram


@pytest.fixture
def engine():
    """`engine(answers)` gives its address and a list of what it heard; it answers one message."""
    sockets = []

    def start(*answers):
        link, heard = socket(AF_INET, SOCK_DGRAM), []
        link.bind(("127.0.0.1", 0))
        link.settimeout(60)
        sockets.append(link)

        def serve():
            packet, sender = link.recvfrom(65_536)
            asked = OscMessage(packet)
            heard.append((asked.address, *asked.params))
            for answer in answers:
                link.sendto(answer, sender)

        threading.Thread(target=serve, daemon=True).start()
        return f"127.0.0.1:{link.getsockname()[1]}", heard

    yield start
    for link in sockets:
        link.close()


def test_the_engine_is_asked_to_load_and_waited_for(engine):
    address, heard = engine(b"noise", message("/error", "of somebody else"), message("/done", LOAD, "mine"))
    load_on_engine("mine", address)
    assert heard == [(LOAD, "mine")]


def test_an_engine_is_asked_what_it_plays_before_work_begins(engine):
    address, heard = engine(message("/done", "/aitunes/play"), message(LOAD, "first-light"))
    check_engine(address)
    assert heard == [(LOAD,)]


def test_a_refusal_is_told_in_the_engines_words(engine):
    address, _ = engine(message("/fail", LOAD, "There is no release named 'mine'."))
    with pytest.raises(TrainingError, match="plays on as before: There is no release named 'mine'"):
        load_on_engine("mine", address)


def test_no_engine_is_a_sentence(engine):
    with socket(AF_INET, SOCK_DGRAM) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(TrainingError, match=f"No engine answers at 127.0.0.1:{port}"):
        load_on_engine("mine", f"127.0.0.1:{port}", timeout_seconds=0.5)
    silent, _ = engine()
    with pytest.raises(TrainingError, match="Start `aitunes play`"):
        load_on_engine("mine", silent, timeout_seconds=0.2)


@pytest.mark.parametrize("text", ["", "7420", "host:", ":7420", "host:0", "host:70000", "host:x"])
def test_an_address_that_is_none_is_refused(text):
    with pytest.raises(TrainingError, match="HOST:PORT"):
        engine_address(text)


def test_a_real_engine_changes_to_the_release(tiny, playing_engine, tmp_path):
    pytest.importorskip("onnx", reason="pip install aitunes[training]")
    for name in ("one", "two"):
        tiny.write(tmp_path, name)
    address, playing = playing_engine(tmp_path, "one")
    assert playing() == "one"
    load_on_engine("two", address, timeout_seconds=60.0)
    assert playing() == "two"
    with pytest.raises(TrainingError, match="no release named 'three'"):
        load_on_engine("three", address)
