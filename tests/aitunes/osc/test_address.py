"""HOST:PORT is read in one way everywhere, and names lead to sockets."""

import pytest

from aitunes.osc.address import AddressError, answering, connect_udp, format_host_port, is_loopback, parse_host_port


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:7420", ("127.0.0.1", 7420)),
        (" studio.local:1 ", ("studio.local", 1)),
        ("[fe80::1%eth0]:65535", ("fe80::1%eth0", 65_535)),
    ],
)
def test_host_and_port_survive_a_round_trip(text, address):
    assert parse_host_port(text) == address
    assert parse_host_port(format_host_port(*address)) == address


@pytest.mark.parametrize("text", ["", ":", "7420", "host:", ":7420", "h:0", "h:70000", "h:x", "h:²", "::1", "a b:3"])
def test_an_address_without_host_or_port_is_refused(text):
    with pytest.raises(AddressError, match=r"is not HOST:PORT, such as 192\.168\.1\.7:7420"):
        parse_host_port(text)


@pytest.mark.parametrize("host", ["studio.local", "::1", "[::1]", "fe80::1%eth0"])
def test_a_host_alone_has_the_default_port_where_there_is_one(host):
    assert parse_host_port(host, 7421) == (host.strip("[]"), 7421)


@pytest.mark.parametrize(
    ("host", "own"), [("localhost", True), ("127.8.0.1", True), ("::1", True), ("10.0.0.1", False), ("::", False)]
)
def test_loopback_addresses_are_recognised_in_both_families(host, own):
    assert is_loopback(host) is own


@pytest.mark.parametrize("host", ["no.such.host.invalid", "x" * 70])
def test_an_unknown_host_is_a_sentence(host):
    with pytest.raises(AddressError, match=f"There is no way to an engine at {host}:7420: "):
        connect_udp(host, 7420)


def test_localhost_leads_to_an_engine_on_the_ipv4_loopback():
    with connect_udp("localhost", 7420) as connection:
        assert connection.getpeername() == ("127.0.0.1", 7420)


@pytest.mark.parametrize(("host", "here"), [("", "127.0.0.1"), ("0.0.0.0", "127.0.0.1"), ("::", "::1")])
def test_what_listens_everywhere_is_told_by_addresses_that_answer(host, here):
    first, *others = answering(host)
    assert first == here
    assert not {"0.0.0.0", "::", "", first} & set(others)
