"""Parses HOST:PORT and finds the socket address behind a host's name."""

from __future__ import annotations

import contextlib
import re
import socket

from aitunes.errors import AiTunesError, reason

DEFAULT_PORT = 7420
_HOST_PORT = re.compile(
    r"(?:\[(?P<ipv6>[^\[\]\s]+)\]|(?P<name>[^:\[\]\s]+))(?::(?P<port>[0-9]{1,5}))?"
    r"|(?P<bare>[0-9A-Fa-f]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*(?:%[\w.-]+)?)"  # an IPv6 address alone
)


class AddressError(AiTunesError):
    """An address of an engine that cannot be read or reached."""


def parse_host_port(text: str, default_port: int | None = None) -> tuple[str, int]:
    """Return host and port of HOST:PORT; an IPv6 address stands in brackets.

    Args:
        default_port: where the text is a host alone.

    >>> parse_host_port("studio.local:7421")
    ('studio.local', 7421)
    >>> parse_host_port("[::1]:7420")
    ('::1', 7420)

    Raises:
        AddressError: the text is something else.
    """
    match = _HOST_PORT.fullmatch(text.strip())
    host = (match["ipv6"] or match["bare"] or match["name"]) if match else ""
    port = int(match["port"]) if match and match["port"] else default_port
    if not host or port is None or not 0 < port < 65_536:
        raise AddressError(f"{text!r} is not HOST:PORT, such as 192.168.1.7:{DEFAULT_PORT}")
    return host, port


def format_host_port(host: str, port: int) -> str:
    """Write host and port as HOST:PORT.

    >>> format_host_port("::1", 7420)
    '[::1]:7420'
    """
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_loopback(host: str) -> bool:
    """Return True for an address, or the name, that only programs of this machine reach.

    >>> is_loopback("127.0.0.1"), is_loopback("::1"), is_loopback("192.168.1.7")
    (True, True, False)
    """
    return host in ("localhost", "::1") or host.startswith(("127.", "::ffff:127."))


def reachable(host: str) -> str:
    """Return the address at which a program of this machine reaches what listens at `host`.

    >>> reachable("0.0.0.0"), reachable("::"), reachable("192.168.1.7")
    ('127.0.0.1', '::1', '192.168.1.7')
    """
    return {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)


def answering(host: str) -> list[str]:
    """Return the addresses at which programs reach what listens at `host`: this machine's first, then other machines'.

    >>> answering("127.0.0.1"), answering("192.168.1.7")
    (['127.0.0.1'], ['192.168.1.7'])
    """
    found = [reachable(host)]
    if host in ("", "0.0.0.0", "::"):
        for family, outside in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
            if family == socket.AF_INET6 and host != "::":
                continue
            # To connect UDP sends nothing: it asks the system which address leads out. There may be no network.
            with contextlib.suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((outside, 9))
                found.append(str(probe.getsockname()[0]))
    return list(dict.fromkeys(found))


def resolved(host: str) -> str:
    """Return the numeric address of a host, in IPv4 where it has both.

    Raises:
        AddressError: the host's name is not known.
    """
    try:
        return str(_resolve(host, 0)[1][0])
    except (OSError, UnicodeError) as error:
        why = reason(error) if isinstance(error, OSError) else "it is no name of a host"
        raise AddressError(f"There is no machine called {host}: {why}.") from error


def connect_udp(host: str, port: int) -> socket.socket:
    """Return a UDP socket that is connected to an engine, so that the system reports a closed port.

    Raises:
        AddressError: the host's name is not known, or no network leads there.
    """
    connection = None
    try:
        family, sockaddr = _resolve(host, port)
        connection = socket.socket(family, socket.SOCK_DGRAM)
        connection.connect(sockaddr)
    except (OSError, UnicodeError) as error:  # a name of 64 letters has no form in DNS
        if connection is not None:
            connection.close()
        why = reason(error) if isinstance(error, OSError) else "no host can have that name"
        raise AddressError(f"There is no way to an engine at {format_host_port(host, port)}: {why}.") from error
    return connection


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, tuple[object, ...]]:
    # IPv4 first: `localhost` has both addresses on most systems, and an engine listens on 127.0.0.1 unless asked.
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_DGRAM)
    family, _, _, _, sockaddr = min(rows, key=lambda row: row[0] != socket.AF_INET)
    return family, sockaddr
