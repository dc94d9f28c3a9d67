"""Announce the services by mDNS, so that other programs find them by name."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Callable

import ifaddr
from zeroconf import Error, InterfaceChoice, IPVersion, ServiceInfo
from zeroconf.asyncio import AsyncZeroconf

from aitunes.osc.address import is_loopback
from instrument.web.oscquery import NAME

HTTP_TYPE = "_oscjson._tcp.local."
OSC_TYPE = "_osc._udp.local."


async def announce(http: tuple[str, int], osc: tuple[str, int], say: Callable[[str], None]) -> None:
    """Announce until cancelled; a network without mDNS is reported and is no failure.

    Args:
        http: where OSCQuery listens; one that only this machine reaches is announced with the address 127.0.0.1.
        osc: where the engine listens.
        say: takes a sentence for the person at the terminal.
    """
    try:
        zeroconf = AsyncZeroconf(interfaces=InterfaceChoice.All, ip_version=IPVersion.V4Only)
    except OSError as error:
        say(_refusal(error))
        return
    try:
        for kind, (host, port) in ((HTTP_TYPE, http), (OSC_TYPE, osc)):
            await zeroconf.async_register_service(_service(kind, host, port), allow_name_change=True)
        await asyncio.Event().wait()
    except (OSError, Error) as error:
        say(_refusal(error))
    finally:
        await zeroconf.async_unregister_all_services()
        await zeroconf.async_close()


def _refusal(error: Exception) -> str:
    return f"OSCQuery is not announced on the network ({error}); give other programs its address by hand."


def _service(kind: str, host: str, port: int) -> ServiceInfo:
    machine = socket.gethostname().split(".")[0][:40] or "localhost"
    return ServiceInfo(
        kind,
        f"{NAME} on {machine}.{kind}",
        port=port,
        properties={"txtvers": "1"},
        server=f"{machine}-{NAME.lower()}.local.",
        addresses=[ipaddress.ip_address(address).packed for address in _addresses(host)],
    )


def _addresses(host: str) -> list[str]:
    """Addresses under which a host is reached; of all, the IPv4 ones."""
    if is_loopback(host):
        return ["::1" if host == "::1" else "127.0.0.1"]
    if host not in ("0.0.0.0", "::"):
        return [host] if ":" in host else [socket.gethostbyname(host)]
    found = [str(ip.ip) for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv4]
    return [one for one in found if not ipaddress.ip_address(one).is_loopback] or ["127.0.0.1"]
