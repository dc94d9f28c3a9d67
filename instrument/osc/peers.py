"""Names who is at the other end: an address and port over UDP, or one connection over TCP."""

from __future__ import annotations

import socket
from functools import lru_cache
from typing import NamedTuple

_MAPPED = "::ffff:"  # of an IPv4 address on a socket that takes both


class TcpPeer(NamedTuple):
    """Names one connection, by the other end's address; never equal to a peer over UDP, nor to a later connection."""

    host: str
    port: int
    connection: int


Peer = tuple[str, int] | TcpPeer


def is_loopback(host: str) -> bool:
    """Tell whether only a program of this machine can have that address.

    The system throws away what comes from the network and says that it is from here.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("::ffff:127.0.0.1"), is_loopback("192.168.1.7")
    (True, True, True, False)
    """
    return host == "::1" or host.removeprefix(_MAPPED).startswith("127.")


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
    """Write host and port as a person does.

    >>> written(("::1", 7420)), written(("127.0.0.1", 7420))
    ('[::1]:7420', '127.0.0.1:7420')
    """
    host, port = peer[0], peer[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
