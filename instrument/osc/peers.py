"""Names who is at the other end: an address and port over UDP, or one connection over TCP."""

from __future__ import annotations

import socket
from functools import lru_cache
from typing import NamedTuple

from aitunes.osc.address import format_host_port, is_loopback


class TcpPeer(NamedTuple):
    """Names one connection, by the other end's address; never equal to a peer over UDP, nor to a later connection."""

    host: str
    port: int
    connection: int


Peer = tuple[str, int] | TcpPeer


def plain_host(host: str) -> str:
    """Return an IPv4 address as such, where a socket of both families has written it in IPv6.

    >>> plain_host("::ffff:192.168.1.7"), plain_host("fe80::1")
    ('192.168.1.7', 'fe80::1')
    """
    return host.removeprefix("::ffff:") if "." in host else host


@lru_cache(maxsize=64)
def is_own(host: str) -> bool:
    """Tell whether an address is one of this machine's."""
    if is_loopback(host):
        return True
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as trial:
            trial.bind((host, 0))
    except OSError:
        return False
    return True


def written(peer: Peer) -> str:
    """Write host and port as a person does."""
    return format_host_port(peer[0], peer[1])
