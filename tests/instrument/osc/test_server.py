"""The socket itself: replies leave from where messages arrive, and a broken peer hurts nobody."""

import contextlib
import errno
import re
import socket
import threading
import time

import pytest
from pythonosc import slip

from aitunes.osc.packets import build, parse
from instrument.osc.senders import LOCAL_BYTES, REFUSALS
from instrument.osc.server import OscServer, PortError, udp_socket


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


class Faulty(socket.socket):
    """A UDP socket whose network is gone until `errors` is empty; `tried` is set when it was asked."""

    @classmethod
    def open(cls, host, port):
        faulty = cls(fileno=udp_socket(host, port).detach())
        faulty.errors, faulty.tries, faulty.tried = [], 0, threading.Event()
        return faulty

    def fail(self):
        self.tries += 1
        self.tried.set()
        if self.errors:
            raise self.errors[0]

    def recvfrom(self, *arguments):
        self.fail()
        return super().recvfrom(*arguments)

    def sendto(self, data, *arguments):
        if data:
            self.fail()
        return super().sendto(data, *arguments)


@pytest.fixture
def faulty(fake_engine):
    """Makes a server on a faulty socket; both, and what the server said."""
    servers = []

    def make(error, **options):
        opened, said = [], []

        def open_udp(host, port):
            opened.append(Faulty.open(host, port))
            opened[0].errors.append(error)
            return opened[0]

        servers.append(OscServer(fake_engine(), lambda: None, port=0, say=said.append, open_udp=open_udp, **options))
        return servers[-1], opened[0], said

    yield make
    for server in servers:
        server.close()


def test_a_network_that_is_gone_is_told_once_with_the_port_and_comes_back(faulty, client):
    server, network, said = faulty(OSError(errno.ENETUNREACH, "Network is unreachable"), retry_seconds=0.001)
    server.start()
    for _ in range(100):
        server.send(client.getsockname(), "/x", (1.0,))
    network.errors.clear()
    assert ask(client, server, "/version")[0].address == "/version.reply"
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


def test_a_defect_in_the_publisher_or_the_dispatcher_ends_neither_thread(fake_engine, client, capsys):
    calls = []
    enough = threading.Event()

    def publish():
        calls.append(True)
        if len(calls) == 3:
            enough.set()
        raise RuntimeError("a defect")

    engine = fake_engine()
    engine.timeline = None
    server = OscServer(engine, publish, port=0)
    server.start()
    assert enough.wait(60.0)
    client.sendto(build("/aitunes/gain", 0.0), (server.host, server.port))
    assert ask(client, server, "/version")[0].address == "/version.reply"
    server.close()
    told = capsys.readouterr().err
    assert "a defect" in told
    assert "'NoneType' object has no attribute 'post'" in told


def test_a_dead_socket_does_not_spin(faulty):
    server, network, _ = faulty(OSError("bad file descriptor"), retry_seconds=300.0)
    server.start()
    assert network.tried.wait(60.0)
    time.sleep(0.05)  # in which it would spin
    assert network.tries == 1


@pytest.mark.parametrize("host", ["::1", "::", "0.0.0.0", ""])
def test_every_kind_of_address_is_listened_at(fake_engine, host):
    server = OscServer(fake_engine(), lambda: None, host=host, port=0, tcp=True)
    server.start()
    assert host or server.host == "127.0.0.1"
    for reached in {"::1": ["::1"], "::": ["::1", "127.0.0.1"]}.get(host, ["127.0.0.1"]):
        with socket.socket(socket.AF_INET6 if ":" in reached else socket.AF_INET, socket.SOCK_DGRAM) as client:
            client.settimeout(60.0)
            client.sendto(build("/version"), (reached, server.port))
            assert b"/version.reply" in client.recv(1000)
        with socket.create_connection((reached, server.port), timeout=60.0) as client:
            client.sendall(slip.encode(build("/version")))
            assert client.recv(1)
    server.close()


def test_the_port_never_hears_itself(fake_engine, client):
    engine = fake_engine()
    server = OscServer(engine, lambda: None, port=0)
    server.start()
    server.send((server.host, server.port), "/aitunes/gain", (-6.0,))
    assert ask(client, server, "/version")[0].address == "/version.reply"
    assert list(engine.timeline.due(0.0, 0.01)) == []
    server.close()


def test_streams_flow_to_who_sent_the_token_back(server, client):
    message, _ = ask(client, server, "/notify", 1)
    about, number, token = message.arguments
    assert (about, number) == ("/notify", 1)
    server.send_to_others(None, "/aitunes/meter", (0.0, 0.0))
    server.send_to_others(None, "/aitunes/gain", (-6.0,))
    assert parse(client.recv(1000))[0].messages[0].address == "/aitunes/gain"
    assert ask(client, server, "/notify", 1, token)[0].arguments == ["/notify", 1]
    server.send_to_others(None, "/aitunes/meter", (0.0, 0.0))
    assert parse(client.recv(1000))[0].messages[0].address == "/aitunes/meter"


def test_who_has_proved_nothing_gets_so_many_bytes_and_a_sentence(server, client):
    me = client.getsockname()
    for _ in range(200):
        server.send(me, "/aitunes/model/info", ("x" * 8_000,))
    ask(client, server, "/version")
    client.setblocking(False)
    received = []
    with contextlib.suppress(BlockingIOError):
        while True:
            received += parse(client.recv(65_536))[0].messages
    # The kernel may drop some of what nobody reads; it adds nothing.
    assert sum(message.address == "/aitunes/model/info" for message in received) <= LOCAL_BYTES.burst / 8_000 + 1
    assert sum(message.address == "/fail" for message in received) <= REFUSALS.burst


def trusting(fake_engine, host, port):
    server = OscServer(fake_engine(), lambda: None, host=host, port=0, trusted=[("127.0.0.1", port)])
    server.start()
    return contextlib.closing(server)


@pytest.mark.parametrize("host", ["127.0.0.1", "::"])
def test_a_controller_that_is_trusted_with_its_port_is_sent_streams_without_a_word(fake_engine, client, host):
    with trusting(fake_engine, host, client.getsockname()[1]) as server:
        while not server.subscribers.current(proved=True):
            time.sleep(0.01)
        server.send_to_others(None, "/aitunes/meter", (-6.0, -12.0))
        (message,) = parse(client.recvfrom(65_536)[0])[0].messages
    assert message.address == "/aitunes/meter"


def test_a_trusted_machine_needs_no_token_and_another_does(fake_engine, server, client):
    with trusting(fake_engine, "127.0.0.1", 0) as trusted:
        assert ask(client, trusted, "/notify", 1)[0].arguments == ["/notify", 1]
        assert len(trusted.subscribers.current(proved=True)) == 1
    assert len(ask(client, server, "/notify", 1)[0].arguments) == 3
    assert server.subscribers.current(proved=True) == []
