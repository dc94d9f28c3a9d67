"""OSC over TCP: every connection is a peer like any other, and none can hold up or use up the engine."""

import socket
import struct
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pythonosc import slip
from pythonosc.parsing import ntp

from aitunes.osc.packets import build, parse
from instrument.osc.framing import MAX_FRAME_BYTES, Frames
from instrument.osc.server import OscServer, PortError
from instrument.osc.tcp import MAX_CONNECTIONS, MAX_UNREAD_BYTES, TcpServer, listen

VERSION = slip.encode(build("/version"))


class Connection:
    """A program that speaks SLIP."""

    def __init__(self, server, buffer=None):
        self.socket = socket.socket()
        if buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        self.socket.settimeout(60.0)
        self.socket.connect((server.host, server.port))
        self._rest, self._frames = b"", []

    def send(self, address, *arguments):
        self.socket.sendall(slip.encode(build(address, *arguments)))

    def next(self):
        while not self._frames:
            received = self.socket.recv(4096)
            assert received, "the connection has ended"
            *ended, self._rest = (self._rest + received).split(slip.END)
            self._frames += [frame for frame in ended if frame]
        return parse(slip.decode(self._frames.pop(0)))[0].messages[0]

    def expect(self, address):
        while (message := self.next()).address != address:
            pass
        return message.arguments

    def ask(self, address, *arguments, reply):
        self.send(address, *arguments)
        return self.expect(reply)

    def ended(self):
        """Return whether the other end closes; what it still sends is thrown away."""
        try:
            while self.socket.recv(1 << 16):
                pass
        except ConnectionError:
            pass
        return True


@pytest.fixture
def said():
    return []


@pytest.fixture
def engine(fake_engine):
    return fake_engine()


@pytest.fixture
def server(engine, said):
    server = OscServer(engine, lambda: None, port=0, tcp=True, say=said.append)
    server.start()
    yield server
    server.close()


@pytest.fixture
def connect(server):
    connections = []

    def make(**options):
        connections.append(Connection(server, **options))
        return connections[-1]

    yield make
    for connection in connections:
        connection.socket.close()


def until(true, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.002)


def test_both_sockets_have_the_same_number(server, connect):
    assert connect().ask("/version", reply="/version.reply")[0] == "AiTunes"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(60.0)
        udp.sendto(build("/version"), (server.host, server.port))
        assert b"/version.reply" in udp.recv(1000)


def test_a_connection_is_subscribed_hears_of_changes_and_not_of_its_own(server, connect):
    anne, bela = connect(), connect()
    for one in (anne, bela):
        one.ask("/notify", 1, reply="/done")
    author, other = server.subscribers.current()
    server.send_to_others(author, "/aitunes/gain", (-6.0,))
    server.send_to_others(None, "/aitunes/meter", (0.0, 0.0))
    assert anne.next().address == "/aitunes/meter"
    assert [bela.next().address for _ in range(2)] == ["/aitunes/gain", "/aitunes/meter"]
    assert author != other


def test_the_end_of_a_connection_ends_its_subscription_and_no_other(server, connect):
    anne, bela = connect(), connect()
    for one in (anne, bela):
        one.ask("/notify", 1, reply="/done")
    anne.socket.close()
    until(lambda: len(server.subscribers) == 1)
    server.send_to_others(None, "/aitunes/meter", (0.0, 0.0))
    assert bela.expect("/aitunes/meter") == [0.0, 0.0]


def test_bundles_and_bytes_that_slip_escapes_arrive_as_they_were_sent(server, connect, engine):
    client = connect()
    tag = struct.pack(">II", 0xC0DBDCDD, 0xDBC0C0DB)
    element = build("/aitunes/model/load", "\u00c0\u00db")
    client.socket.sendall(slip.encode(b"#bundle\0" + tag + struct.pack(">i", len(element)) + element))
    client.ask("/version", reply="/version.reply")
    (event,) = engine.timeline.due(ntp.ntp_to_system_time(tag), 0.01)
    assert event.values == ("\u00c0\u00db",)


def test_a_packet_may_come_byte_by_byte_or_many_at_once(connect):
    client = connect()
    for n in range(len(VERSION)):
        client.socket.sendall(VERSION[n : n + 1])
    client.expect("/version.reply")
    client.socket.sendall(VERSION * 50)
    for _ in range(50):
        client.expect("/version.reply")


@pytest.mark.parametrize(
    "junk",
    [
        slip.END + b"\xdb\x00" + slip.END,
        slip.END + b"/x\0\0\xdb" + slip.END,
        slip.encode(b"junk"),
        slip.encode(build("/x", "y" * MAX_FRAME_BYTES)),
        slip.END + b"/" * (3 * MAX_FRAME_BYTES) + slip.END,
    ],
    ids=["escape", "end", "junk", "long", "endless"],
)
def test_what_is_no_packet_is_counted_once_and_the_next_one_is_obeyed(server, connect, junk):
    client = connect()
    client.ask("/version", reply="/version.reply")
    client.socket.sendall(junk)
    client.ask("/version", reply="/version.reply")
    assert server.dispatcher.malformed_packets == 1


POST = (
    b"POST / HTTP/1.1\r\nHost: 127.0.0.1:7420\r\nContent-Type: text/plain\r\n\r\n"
    + slip.encode(build("/aitunes/gain", 6.0))
    + slip.encode(build("/quit"))
)


@pytest.mark.parametrize(
    "beginning",
    [
        POST,
        slip.END + POST,
        b"GET /aitunes HTTP/1.1\r\n\r\n" + VERSION,
        b"\x16\x03\x01\x02\x00" + VERSION,  # TLS
        b"\x00\x01\x00\x00\x21\x12\xa4\x42" + bytes(12) + VERSION,  # STUN
        slip.END + b"/x\0\0\xdb" + VERSION,
        slip.encode(b"/odd"[:3]) + VERSION,
        slip.encode(b"#bungle\0") + VERSION,
        struct.pack(">i", 8) + b"POST" + VERSION,
        struct.pack(">i", -8) + VERSION,
        struct.pack(">i", 5) + b"/x\0\0" + VERSION,
        struct.pack(">i", 1 << 20) + b"/" + VERSION,
    ],
)
@pytest.mark.parametrize("together", [True, False])
def test_a_connection_that_does_not_begin_with_osc_is_closed_and_does_nothing(
    server, connect, engine, beginning, together
):
    client = connect()
    for n in range(0, len(beginning), len(beginning) if together else 3):
        try:
            client.socket.sendall(beginning[n : n + (len(beginning) if together else 3)])
        except ConnectionError:
            break
    assert client.ended()
    until(lambda: server.connections == 0)
    assert list(engine.timeline.due(0.0, 0.01)) == []
    assert not engine.ended


def test_packets_after_their_length_are_answered_in_the_same_way(server, connect):
    client = connect()
    packet = build("/version")
    client.socket.sendall((struct.pack(">i", len(packet)) + packet) * 2)
    for _ in range(2):
        (length,) = struct.unpack(">i", client.socket.recv(4, socket.MSG_WAITALL))
        assert parse(client.socket.recv(length, socket.MSG_WAITALL))[0].messages[0].address == "/version.reply"


def test_only_who_knows_the_token_ends_the_engine_over_tcp(fake_engine):
    engine = fake_engine()
    server = OscServer(engine, lambda: None, port=0, tcp=True, login="a token")
    server.start()
    client = Connection(server)
    assert "/login" in client.ask("/quit", reply="/fail")[1]
    assert not engine.ended
    assert "not the token" in client.ask("/login", "another", reply="/fail")[1]
    assert client.ask("/login", "a token", reply="/done") == ["/login"]
    assert client.ask("/quit", reply="/done") == ["/quit"]
    until(lambda: engine.ended)
    client.socket.close()
    server.close()


def test_empty_frames_are_nothing(server, connect):
    client = connect()
    client.socket.sendall(slip.END * 1_000)
    client.ask("/version", reply="/version.reply")
    assert server.dispatcher.malformed_packets == 0


def test_who_does_not_read_is_disconnected_with_a_sentence_and_holds_up_nobody(server, connect, said):
    slow, quick = connect(buffer=4096), connect()
    for one in (slow, quick):
        one.ask("/notify", 1, reply="/done")
    for _ in range(2_000):  # of which one would never return if it waited for the reader
        server.send(server.subscribers.current()[0], "/aitunes/release/info", ("x" * 10_000,))
        if said:
            break
    assert len(said) == 1
    assert "was disconnected, because it reads too slowly" in said[0]
    assert slow.ended()
    until(lambda: len(server.subscribers) == 1)
    assert quick.ask("/version", reply="/version.reply")


def test_what_a_slow_reader_has_not_read_reaches_it_later_in_order(server, connect):
    client = connect(buffer=4096)
    client.ask("/notify", 1, reply="/done")
    (peer,) = server.subscribers.current()
    for n in range(80):
        server.send(peer, "/synced", (n, "x" * 10_000))
    assert MAX_UNREAD_BYTES > 80 * 10_000
    for n in range(80):
        assert client.expect("/synced")[0] == n


def test_there_is_an_end_to_how_many_may_connect(server, connect):
    connections = [connect() for _ in range(MAX_CONNECTIONS)]
    for connection in connections:
        connection.ask("/version", reply="/version.reply")
    last = connect()
    assert f"there are {MAX_CONNECTIONS} connections" in last.expect("/fail")[1]
    assert last.ended()
    connections[0].socket.close()
    until(lambda: server.connections < MAX_CONNECTIONS)
    assert connect().ask("/version", reply="/version.reply")


def test_who_connects_and_says_nothing_keeps_no_other_out(server, connect):
    silent = [connect() for _ in range(MAX_CONNECTIONS)]
    until(lambda: server.connections == MAX_CONNECTIONS)
    assert connect().ask("/version", reply="/version.reply")
    assert silent[0].ended()
    assert server.connections == MAX_CONNECTIONS


def test_a_taken_tcp_port_is_a_sentence_and_frees_the_udp_port(fake_engine):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortError, match=rf"OSC TCP port {port} on 127\.0\.0\.1 cannot be opened .*--osc-port"):
            OscServer(fake_engine(), lambda: None, port=port, tcp=True)
        free = OscServer(fake_engine(), lambda: None, port=port)
        free.start()
        free.close()


def test_closing_ends_connections_and_frees_the_port(fake_engine):
    server = OscServer(fake_engine(), lambda: None, port=0, tcp=True)
    server.start()
    client = Connection(server)
    client.ask("/version", reply="/version.reply")
    server.close()
    assert client.ended()
    client.socket.close()
    again = OscServer(fake_engine(), lambda: None, port=server.port, tcp=True)
    again.start()
    again.close()


def test_what_is_sent_to_a_connection_that_has_ended_is_lost_without_a_word(server, connect, said):
    client = connect()
    client.ask("/notify", 1, reply="/done")
    (peer,) = server.subscribers.current()
    client.socket.close()
    until(lambda: not server.subscribers)
    for _ in range(10):
        server.send(peer, "/synced", (1,))
    assert said == []


@given(st.lists(st.binary(max_size=40)), st.data())
def test_frames_come_out_as_they_went_in_however_the_stream_is_cut(packets, data):
    stream = b"".join(map(slip.encode, packets))
    frames, out = Frames(), []
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        out += frames.feed(stream[:cut])
        stream = stream[cut:]
    assert out == [packet for packet in packets if packet]


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_no_stream_raises_or_is_kept_for_ever(chunks):
    frames = Frames()
    for chunk in chunks:
        assert all(frame is None or isinstance(frame, bytes) for frame in frames.feed(chunk))
    for _ in range(5):
        list(frames.feed(b"x" * MAX_FRAME_BYTES))
    assert frames.waiting_bytes <= 2 * MAX_FRAME_BYTES
    assert list(frames.feed(slip.END)) == [None]
    assert list(frames.feed(VERSION)) == [build("/version")]


def test_no_file_left_for_a_connection_ends_nothing():
    failures = [OSError(24, "Too many open files")] * 3
    arrived = []

    class Full(socket.socket):
        def accept(self):
            if failures:
                raise failures.pop()
            return super().accept()

    opened = listen("127.0.0.1", 0)
    listening = Full(fileno=opened.detach())
    host, port = listening.getsockname()
    server = TcpServer(
        listening, lambda packet, _: arrived.append(packet), lambda _: None, lambda _: None, retry_seconds=0.001
    )
    server.start()
    with socket.create_connection((host, port)) as client:
        client.sendall(VERSION)
        until(lambda: arrived == [build("/version")])
    server.close()
    assert failures == []
