"""The socket itself: replies leave from where messages arrive, and a broken peer hurts nobody."""

import errno
import re
import socket
import threading
import time

import pytest

from aitunes.osc.packets import build, parse
from instrument.osc import server as osc_server
from instrument.osc.server import OscServer, PortError


@pytest.fixture
def server(fake_engine):
    server = OscServer(fake_engine(), lambda: None, port=0)
    server.start()
    yield server
    server.close()


@pytest.fixture
def client():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.bind(("127.0.0.1", 0))
        client.settimeout(60.0)
        yield client


def ask(client, server, address, *arguments):
    client.sendto(build(address, *arguments), (server.host, server.port))
    datagram, peer = client.recvfrom(65_536)
    return parse(datagram)[0].messages[0], peer


def test_replies_come_from_the_listening_socket(server, client):
    message, peer = ask(client, server, "/version")
    assert message.address == "/version.reply"
    assert peer == (server.host, server.port)


def test_a_taken_port_is_a_sentence(fake_engine, server):
    with pytest.raises(PortError, match=rf"OSC port {server.port} on 127\.0\.0\.1 cannot be opened .*--osc-port"):
        OscServer(fake_engine(), lambda: None, port=server.port)


@pytest.mark.parametrize("host", ["192.0.2.1", "no-such-host.invalid"])
def test_an_address_of_another_machine_is_a_sentence(fake_engine, host):
    with pytest.raises(PortError, match=rf"OSC port 0 on {host} cannot be opened \(.+\); --osc-host takes an address"):
        OscServer(fake_engine(), lambda: None, host=host, port=0)


class NoNetwork:
    """A socket whose interface has gone."""

    def sendto(self, *_):
        raise OSError(errno.ENETUNREACH, "Network is unreachable")

    recvfrom = sendto


def test_a_network_that_is_gone_is_told_once_with_the_port_and_comes_back(fake_engine, client, monkeypatch):
    said = []
    server = OscServer(fake_engine(), lambda: None, port=0, say=said.append)
    living, server._socket = server._socket, NoNetwork()
    server.start()
    for _ in range(100):
        server.send(client.getsockname(), "/x", (1.0,))
    server._socket = living
    assert ask(client, server, "/version")[0].address == "/version.reply"
    server.close()
    assert len(said) == 1
    assert re.fullmatch(rf"OSC port {server.port}: .*Network is unreachable\)\. The sound plays on\.", said[0])


def test_closing_frees_the_port_and_ends_the_threads(fake_engine):
    before = set(threading.enumerate())
    server = OscServer(fake_engine(), lambda: None, port=0)
    server.start()
    threads = set(threading.enumerate()) - before
    server.close()
    for thread in threads:
        thread.join(timeout=60.0)
        assert not thread.is_alive()
    again = OscServer(fake_engine(), lambda: None, port=server.port)
    again.start()
    again.close()


def test_everyone_but_the_author_hears_of_a_change(server, client):
    me = client.getsockname()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        other.settimeout(60.0)
        server.subscribers.add(me)
        server.subscribers.add(other.getsockname())
        server.send_to_others(me, "/aitunes/gain", (-6.0,))
        server.send_to_others(None, "/aitunes/meter", (0.0, 0.0))
        assert b"/aitunes/gain" in other.recv(1000)
        assert b"/aitunes/meter" in client.recv(1000)


def test_a_peer_that_is_gone_is_no_error(server, client):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as gone:
        gone.bind(("127.0.0.1", 0))
        address = gone.getsockname()
    for _ in range(10):
        server.send(address, "/x", (1.0,))
    assert ask(client, server, "/version")[0].address == "/version.reply"


def test_what_is_too_long_to_send_does_not_end_a_subscription(server, client):
    server.subscribers.add(client.getsockname())
    client.sendto(b"/" + b"x" * 65_498 + b"\0" * 1 + b",\0\0\0", (server.host, server.port))
    ask(client, server, "/version")
    assert client.getsockname() in server.subscribers.current()


@pytest.mark.parametrize("datagram", [b"", b"junk", b"#bundle\0", b"\0" * 60_000])
def test_junk_stops_nothing(server, client, datagram):
    client.sendto(datagram, (server.host, server.port))
    assert ask(client, server, "/version")[0].address == "/version.reply"


def test_the_publisher_is_called_again_and_again(fake_engine):
    calls = []
    enough = threading.Event()

    def publish():
        calls.append(True)
        if len(calls) == 5:
            enough.set()

    server = OscServer(fake_engine(), publish, port=0)
    server.start()
    assert enough.wait(60.0)
    server.close()


def test_a_reply_that_cannot_be_built_becomes_a_refusal(server, client):
    server.send(client.getsockname(), "/synced", (2**80,))
    (message,) = parse(client.recv(1000))[0].messages
    assert (message.address, message.arguments[0]) == ("/fail", "/synced")


def test_a_defect_in_the_publisher_or_the_dispatcher_ends_neither_thread(fake_engine, client, monkeypatch, capsys):
    calls = []
    enough = threading.Event()

    def publish():
        calls.append(True)
        if len(calls) == 3:
            enough.set()
        raise RuntimeError("a defect")

    server = OscServer(fake_engine(), publish, port=0)
    receive = server.dispatcher.receive
    monkeypatch.setattr(
        server.dispatcher,
        "receive",
        lambda datagram, *rest: 1 / 0 if b"/aitunes" in datagram else receive(datagram, *rest),
    )
    server.start()
    assert enough.wait(60.0)
    client.sendto(build("/aitunes/gain", 0.0), (server.host, server.port))
    assert ask(client, server, "/version")[0].address == "/version.reply"
    server.close()
    assert "a defect" in capsys.readouterr().err


def test_a_dead_socket_does_not_spin(fake_engine, monkeypatch):
    monkeypatch.setattr(osc_server, "_RETRY_SECONDS", 300.0)
    server = OscServer(fake_engine(), lambda: None, port=0)
    tries, tried = [], threading.Event()

    class Dead:
        def recvfrom(self, size):
            tries.append(True)
            tried.set()
            raise OSError("bad file descriptor")

    living, server._socket = server._socket, Dead()
    server._threads[0].start()
    assert tried.wait(60.0)
    time.sleep(0.05)  # in which it would spin
    server._closing.set()
    server._threads[0].join(60.0)
    living.close()
    assert len(tries) == 1
