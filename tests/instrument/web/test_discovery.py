"""The services are found by name, as other programs look for them."""

import socket
import time

import pytest
from zeroconf import InterfaceChoice, IPVersion, ServiceBrowser, ServiceListener, Zeroconf

from instrument.web.discovery import HTTP_TYPE, OSC_TYPE


class Found(ServiceListener):
    """Ports and addresses of what is announced, by service type."""

    def __init__(self):
        self.places = {}

    def add_service(self, zc, type_, name):
        info = zc.get_service_info(type_, name, timeout=30_000)
        if info is not None:
            self.places.setdefault(type_, {})[name] = (info.port, info.parsed_addresses(IPVersion.V4Only))

    def update_service(self, zc, type_, name):
        self.add_service(zc, type_, name)

    def remove_service(self, zc, type_, name):
        self.places.get(type_, {}).pop(name, None)

    def ports(self, kind):
        return {port for port, addresses in self.places.get(kind, {}).values() if addresses == ["127.0.0.1"]}


@pytest.fixture
def found(lack):
    """Return what a browser on this machine sees."""
    try:
        zeroconf = Zeroconf(interfaces=InterfaceChoice.All, ip_version=IPVersion.V4Only)
    except OSError as error:
        lack(f"this machine has no multicast: {error}")
    found = Found()
    browser = ServiceBrowser(zeroconf, [HTTP_TYPE, OSC_TYPE], found)
    yield found
    browser.cancel()
    zeroconf.close()


def until(condition, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_both_services_are_announced_where_they_are_and_withdrawn_at_the_end(start, found):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as engine:
        engine.bind(("127.0.0.1", 0))
        osc_port = engine.getsockname()[1]
        server = start("oscquery", "--connect", f"127.0.0.1:{osc_port}", "--http-port", 0)
        http_port = int(server.says(r"OSCQuery at http://127\.0\.0\.1:(\d+)/").group(1))
        until(lambda: http_port in found.ports(HTTP_TYPE) and osc_port in found.ports(OSC_TYPE))
        server.interrupt()
        assert server.ends() == 0
        until(lambda: http_port not in found.ports(HTTP_TYPE) and osc_port not in found.ports(OSC_TYPE))
        assert "Traceback" not in server.text


def test_nothing_is_announced_where_that_is_not_wanted(start, found):
    server = start("oscquery", "--connect", "127.0.0.1:9", "--http-port", 0, "--no-discovery")
    quiet = int(server.says(r"OSCQuery at http://127\.0\.0\.1:(\d+)/").group(1))
    loud = start("oscquery", "--connect", "127.0.0.1:9", "--http-port", 0)
    port = int(loud.says(r"OSCQuery at http://127\.0\.0\.1:(\d+)/").group(1))
    until(lambda: port in found.ports(HTTP_TYPE))
    assert quiet not in found.ports(HTTP_TYPE)
